"""What every stage speaks of: a dialogue as a person reads it, and the messages of a conversation."""

from dataclasses import dataclass
from typing import Literal

Part = Literal["train", "validation", "test"]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One question and its answer, under an instruction."""

    instruction: str
    input: str
    output: str
    where: str
    """`file:line` it was read from; names it in errors without quoting it."""
    part: Part | None = None
    """Of the split that its file brings; None where it brings none"""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation, in the usual roles: the instruction is the system's."""

    role: Literal["system", "user", "assistant"]
    content: str


def prompt_messages(dialogue: Dialogue) -> tuple[Message, Message]:
    """What stands before the answer."""
    return Message("system", dialogue.instruction), Message("user", dialogue.input)
