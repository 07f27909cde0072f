"""The run's own model, with continuous batching: sequences join and leave at every token."""

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from transformers import PreTrainedTokenizerBase

from medgenius.inference.decoder import Decoder, DecodeRequest, Emitted
from medgenius.serving.engine import Cancel, FullError, Listener, Load, Piece, Question
from medgenius.serving.text import Detokenizer

_log = logging.getLogger("medgenius.serving")
Loaded = tuple[Mapping[str, Decoder], PreTrainedTokenizerBase]
"""A decoder for each name, over the same frozen weights, and the tokenizer of the answers"""


@dataclass(slots=True)
class _Answer:
    listener: Listener
    decoder: Decoder
    text: Detokenizer
    begun: bool = False


class TransformersEngine:
    """One thread computes; each step gives every running answer of every model a token."""

    def __init__(self, load: Callable[[], Loaded], streams: int, waiting: int) -> None:
        """
        Args:
            load: is called on the thread that computes. OpenMP keeps a team of threads for each thread that has called
                it, and where the teams are more than the cores, they go to sleep between two products: loading
                elsewhere would cost a third of the speed
            streams: answers that a decoder writes at a time
            waiting: further questions that may be here

        Raises:
            MedGeniusError: as `load`.
        """
        self._most = streams + waiting
        self._changed = threading.Condition()
        self._commands: list[Callable[[], None]] = []
        """What the thread is to do before its next step"""
        self._present: set[int] = set()
        self._numbers = 0
        self._closing = False
        self._answers: dict[int, _Answer] = {}
        """Of the thread alone"""
        ready: Future[Loaded] = Future()
        self._thread = threading.Thread(target=self._load_and_run, args=(load, ready), name="decoder", daemon=True)
        self._thread.start()
        self._decoders, self._tokenizer = ready.result()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._decoders)

    @property
    def load(self) -> Load:
        running = sum(answer.begun for answer in tuple(self._answers.values()))
        return Load(running, max(0, len(self._present) - running))

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive() and not self._closing

    def submit(self, question: Question, listener: Listener) -> Cancel:
        with self._changed:
            if self._closing or len(self._present) >= self._most:
                raise FullError("the server is at its limit: too many questions wait already")
            number = self._numbers = self._numbers + 1
            self._present.add(number)
            self._commands.append(partial(self._join, number, question, listener))
            self._changed.notify()
        return partial(self._cancel, number)

    def _cancel(self, number: int) -> None:
        with self._changed:
            if number in self._present:
                self._commands.append(partial(self._leave, number))
                self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _load_and_run(self, load: Callable[[], Loaded], ready: "Future[Loaded]") -> None:
        try:
            loaded = load()
        except BaseException as error:  # whoever waits for this is to have it
            ready.set_exception(error)
            return
        ready.set_result(loaded)
        self._run(loaded[0])

    def _run(self, decoders: Mapping[str, Decoder]) -> None:
        while True:
            with self._changed:
                while not (self._commands or self._answers or self._closing):
                    self._changed.wait()
                if self._closing and not (self._commands or self._answers):
                    return
                commands, self._commands = self._commands, []
            for command in commands:
                command()
            for decoder in decoders.values():
                self._step(decoder)

    def _step(self, decoder: Decoder) -> None:
        if not len(decoder):
            return
        try:
            for emitted in decoder.step():
                self._deliver(emitted)
        except Exception:
            # Whatever it was (memory, most likely), those who wait must hear of it, and the others go on.
            _log.exception("a step of the decoder failed; its answers end")
            for number in [n for n, answer in self._answers.items() if answer.decoder is decoder]:
                self._fail(number)

    def _join(self, number: int, question: Question, listener: Listener) -> None:
        decoder = self._decoders[question.model]
        self._answers[number] = _Answer(listener, decoder, Detokenizer(self._tokenizer))
        request = DecodeRequest(number, question.prompt_ids, question.max_new_tokens, question.sampling)
        try:
            decoder.add(request)
        except Exception:
            _log.exception("a request was refused by the decoder")
            self._fail(number)

    def _fail(self, number: int) -> None:
        listener = self._answers[number].listener
        self._leave(number)
        listener(Piece("", 0, "failed"))

    def _leave(self, number: int) -> None:
        """Forget an answer, finished or not."""
        if answer := self._answers.pop(number, None):
            answer.decoder.remove(number)
        self._present.discard(number)

    def _deliver(self, emitted: Emitted) -> None:
        number = int(emitted.request_id)
        answer = self._answers[number]
        answer.begun = True
        if emitted.finished == "stop":
            piece = Piece(answer.text.finish(), 0, "stop")
        else:
            text = answer.text.add(emitted.token_id)
            ends = emitted.finished is not None
            piece = Piece(text + answer.text.finish() if ends else text, 1, emitted.finished)
        if piece.end:
            self._leave(number)
        answer.listener(piece)
