"""Conversations of several turns, in the two forms that people have, as questions with their answers.

`{"messages": [{"role": "user", "content": …}, …]}` is OpenAI's form, `{"conversations": [{"from": "human",
"value": …}, …]}` is ShareGPT's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from medgenius.reading.records import kind

KEYS: Final = ("messages", "conversations", "conversation")
"""Under which of them a row holds its turns."""

Role = Literal["system", "user", "assistant"]
_ROLES: Final[Mapping[str, Role]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "patient": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "doctor": "assistant",
}
_SPEAKERS: Final[Mapping[Role, str]] = {"user": "Patient", "assistant": "Doctor"}


@dataclass(frozen=True, slots=True)
class Turn:
    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """An answer and what came before it."""

    instruction: str
    input: str
    output: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why a conversation can't be read."""

    name: str
    reason: str


def exchanges(value: object, turns: Literal["last", "each"]) -> list[Exchange] | Unusable:
    """The conversation's answers, each after its context; only the last one under `last`.

    A context of one message is that message; a longer one is written out with `Patient:` and `Doctor:` before each.
    """
    read = _turns(value)
    if isinstance(read, Unusable):
        return read
    instruction = "\n".join(turn.text for turn in read if turn.role == "system")
    spoken = [turn for turn in read if turn.role != "system"]
    answers = [i for i, turn in enumerate(spoken) if turn.role == "assistant" and i > 0]
    if not answers:
        return Unusable("no_answer_turn", "its conversation has no answer to a question")
    wanted = answers[-1:] if turns == "last" else answers
    return [Exchange(instruction, _context(spoken[:i]), spoken[i].text) for i in wanted]


def _context(before: Sequence[Turn]) -> str:
    if len(before) == 1:
        return before[0].text
    return "\n".join(f"{_SPEAKERS[turn.role]}: {turn.text}" for turn in before)


def _turns(value: object) -> list[Turn] | Unusable:
    if not isinstance(value, list):
        return Unusable("not_a_conversation", f"its conversation is {kind(value)}, not a list")
    turns: list[Turn] = []
    for number, message in enumerate(value, start=1):
        if not isinstance(message, Mapping):
            return Unusable("not_a_conversation", f"message {number} is {kind(message)}, not an object")
        speaker = message.get("role", message.get("from"))
        role = _ROLES.get(speaker.lower()) if isinstance(speaker, str) else None
        if role is None:
            return Unusable("unknown_role", f"message {number} has no role that is known")
        text = _text(message.get("content", message.get("value")))
        if text is None:
            return Unusable("not_text", f"message {number} is not text")
        turns.append(Turn(role, text.strip()))
    return turns


def _text(content: object) -> str | None:
    """Plain text, or OpenAI's list of text pieces."""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and content:
        pieces = [piece.get("text") if isinstance(piece, Mapping) else None for piece in content]
        if all(isinstance(piece, str) for piece in pieces):
            return "\n".join(str(piece) for piece in pieces)
    return None
