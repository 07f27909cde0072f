"""`medgenius chat`: a run in the terminal, behind the same guard; with `compare=base` the frozen model beside it."""

import queue
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from rich.columns import Columns
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from medgenius.config.serve import RESERVED, ChatConfig
from medgenius.data.dialogue import Message
from medgenius.errors import DataError, MedGeniusError, RunError
from medgenius.files import write_jsonl
from medgenius.runs import Run
from medgenius.serving.engine import Piece, Question
from medgenius.serving.guard import Guard, GuardedAnswer
from medgenius.serving.models import Served, load_served

_BASE, _TUNED = RESERVED
_HELP = "/reset forgets the conversation, /save FILE keeps it, /system TEXT sets the instruction, /quit leaves"
_NOT_ADVICE = "Not medical advice. In an emergency call your local emergency number."


def chat(config: ChatConfig) -> int:
    """
    Raises:
        MedGeniusError: the run or the engine can't be had.
    """
    path = Path(config.run.path).expanduser().resolve()
    console = Console(highlight=False)
    served = load_served(Run(path, path.name), config.serving)
    conversation = Conversation(served, config, console)
    console.print(f"{path.name}: {_NOT_ADVICE}", style="dim")
    console.print(_HELP, style="dim")
    try:
        _talk(conversation, console)
    finally:
        served.engine.close()
    return 0


def _talk(conversation: "Conversation", console: Console) -> None:
    while True:
        try:
            line = _read(console)
        except (EOFError, KeyboardInterrupt):
            console.print()
            return
        if not line:
            continue
        try:
            if line.startswith("/"):
                if not conversation.obey(line):
                    return
            else:
                conversation.ask(line)
        except MedGeniusError as error:
            console.print(f"error: {error}", style="red", markup=False)
        except KeyboardInterrupt:
            console.print("\n(stopped)", style="dim")


def _read(console: Console) -> str:
    """A line of the person's; one that ends in a backslash goes on."""
    prompt = "you: " if sys.stdin.isatty() else ""
    lines = [console.input(prompt)]
    while lines[-1].endswith("\\"):
        lines[-1] = lines[-1][:-1]
        lines.append(console.input("...  " if prompt else ""))
    return "\n".join(lines).strip()


def _printable(text: str) -> str:
    """Without characters that a terminal would obey."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")


class Conversation:
    """What was said, and how it goes on. What the guard added is shown and not told to the model afterwards."""

    def __init__(self, served: Served, config: ChatConfig, console: Console) -> None:
        self._served = served
        self._config = config
        self._console = console
        self._guard = Guard(config.serving.guard)
        self._system: str | None = None
        self.messages: list[Message] = []
        """Without the system message"""

    def obey(self, line: str) -> bool:
        """A command; False to leave."""
        command, _, rest = line.partition(" ")
        match command, rest.strip():
            case "/quit" | "/exit", "":
                return False
            case "/reset", "":
                self.messages.clear()
                self._say("a new conversation")
            case "/system", "":
                self._system = None
                self._say("the instruction is the one of training again")
            case "/system", text:
                self._system = text
                self._say("the instruction is set")
            case "/save", file if file:
                self._save(Path(file).expanduser())
            case _:
                self._say(_HELP)
        return True

    def _say(self, text: str) -> None:
        self._console.print(text, style="dim", markup=False)

    def _save(self, file: Path) -> None:
        if file.exists():
            raise RunError(f"{file} exists already")
        write_jsonl(file, [{"role": message.role, "content": message.content} for message in self._all()])
        file.chmod(0o600)
        self._say(f"saved: {file}")

    def _all(self) -> list[Message]:
        system = [Message("system", self._system)] if self._system else []
        return [*system, *self.messages]

    def ask(self, text: str) -> None:
        """
        Raises:
            DataError: the message can't be read; the conversation stays as it was.
        """
        self.messages.append(Message("user", text))
        answer: list[str] = []
        try:
            if self._config.compare:
                self._print_beside_base(answer)
            else:
                self._print_as_it_comes(answer)
        finally:
            if said := "".join(answer).strip():
                self.messages.append(Message("assistant", said))
            else:
                self.messages.pop()

    def _print_beside_base(self, said: list[str]) -> None:
        """What the guard says first, at once and once, then both answers."""
        verdict = self._guard.judge(self._all())
        answers = {name: self._guard.answer(verdict) for name in RESERVED}
        opening = {answer.begin() for answer in answers.values()}.pop()
        if opening:
            self._console.print(_printable(opening), markup=False, soft_wrap=True)
        if verdict.harm:
            return
        written = {_BASE: list[str](), _TUNED: said}
        panels = [
            Panel(Text(_printable("".join(self._pieces(name, answer, written[name])).strip())), title=name)
            for name, answer in answers.items()
        ]
        self._console.print(Columns(panels, equal=True, expand=True))

    def _print_as_it_comes(self, said: list[str]) -> None:
        verdict = self._guard.judge(self._all())
        guarded = self._guard.answer(verdict)
        try:
            self._console.print(_printable(guarded.begin()), end="", markup=False, soft_wrap=True)
            for piece in () if verdict.harm else self._pieces(_TUNED, guarded, said):
                self._console.print(_printable(piece), end="", markup=False, soft_wrap=True)
        finally:
            self._console.print()

    def _pieces(self, model: str, guarded: GuardedAnswer, said: list[str]) -> Iterator[str]:
        """What the reader sees of an answer that has begun; `said` gets what the model wrote."""
        for text in self._written(model):
            said.append(text)
            yield guarded.add(text)
            if guarded.ended:
                return
        yield guarded.finish()

    def _written(self, model: str) -> Iterator[str]:
        serving = self._config.serving
        ids = self._served.speakers[model].prompt_ids(self._all())
        if len(ids) > serving.max_prompt_tokens:
            raise DataError(
                f"the conversation has {len(ids)} tokens, and {serving.max_prompt_tokens} can be read: /reset"
            )
        heard: queue.SimpleQueue[Piece] = queue.SimpleQueue()
        cancel = self._served.engine.submit(Question(model, ids, serving.max_new_tokens), heard.put)
        try:
            while True:
                piece = heard.get()
                yield piece.text
                if piece.end == "failed":
                    raise RunError("the model could not go on with this answer")
                if piece.end:
                    return
        finally:
            cancel()
