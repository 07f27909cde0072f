"""What every engine is: questions go in as tokens, pieces of text come out on a thread of the engine's own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from medgenius.errors import MedGeniusError
from medgenius.inference.sampling import Sampling

End = Literal["stop", "length", "failed"]
"""stop: the model ended its answer; length: `max_new_tokens` did; failed: the engine could not go on."""


@dataclass(frozen=True, slots=True)
class Question:
    model: str
    prompt_ids: list[int]
    max_new_tokens: int
    sampling: Sampling | None = None
    """None: the likeliest token each time, as in evaluation"""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some more of an answer."""

    text: str
    tokens: int
    """That this piece brought, an end-of-sequence token not among them"""
    end: End | None = None
    """On the last piece"""


Listener = Callable[[Piece], None]
"""Is called on a thread of the engine and must not block."""
Cancel = Callable[[], None]
"""Ends an answer that nobody waits for; afterwards at most one more piece comes. Harmless where it has ended."""


@dataclass(frozen=True, slots=True)
class Load:
    running: int
    waiting: int


class FullError(MedGeniusError):
    """As many questions wait as may."""


class Engine(Protocol):
    """Computes answers; several at a time."""

    @property
    def names(self) -> tuple[str, ...]:
        """What `Question.model` may be, the run itself (`tuned`) first."""
        ...

    @property
    def load(self) -> Load: ...

    @property
    def is_alive(self) -> bool:
        """Whether it can still answer."""
        ...

    def submit(self, question: Question, listener: Listener) -> Cancel:
        """
        Raises:
            FullError: come again later.
        """
        ...

    def close(self) -> None:
        """Finish what runs, then let go of the model."""
        ...
