"""What travels through curation: a row, the changes made to it, and the reason when it leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from medgenius.categories import Urgency

Part = Literal["instruction", "input", "output"]
Label = Literal["category", "urgency", "source", "licence"]
"""What a row may say of itself beside its texts."""


@dataclass(frozen=True, slots=True)
class Change:
    """One rule of one step changed one text of a row, or reading left out one of its labels."""

    step: str
    part: Part | Label
    rule: str
    """What was done, without any of the row's text: `html`, `EMAIL`, `abbreviation`."""
    count: int


@dataclass(frozen=True, slots=True)
class Row:
    """A dialogue on its way; steps give back a new one (`dataclasses.replace`)."""

    key: str
    """`file:line`, unique; names the row in rejections and reports."""
    instruction: str
    input: str
    output: str
    source: str = ""
    """Data set it comes from; empty where the file does not say."""
    licence: str = ""
    category: str = ""
    """One of `medgenius.categories.CATEGORIES`; empty until it is known."""
    confidence: float = 0.0
    """Of the category, 0 to 1."""
    urgency: Urgency | Literal[""] = ""
    conversation_id: str = ""
    """Shared by the rows that are answers of one conversation; empty for a row that stands alone."""
    quality: float | None = None
    """0 to 1; None until it is scored."""
    criteria: tuple[tuple[str, float], ...] = ()
    """The parts of `quality` by name, each 0 to 1."""
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that left, and why."""

    row: Row
    step: str
    reason: str
    """A short stable name that the report counts by: `near_duplicate`, `dangerous_advice`."""
    detail: str = ""
    """Which rule or which other row (its key); never a text of the row."""


class RowStep(Protocol):
    """A step that judges or changes rows one at a time; it is given many only so that it can work on them together.

    A step that raises on a list of rows is called again with each row alone, and the one it fails on is rejected.
    """

    @property
    def name(self) -> str: ...

    def __call__(self, rows: Sequence[Row]) -> list[Row | Rejection]:
        """As many results as rows, in their order. Calling it on its own result changes nothing."""
        ...
