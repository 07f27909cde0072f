"""What is counted over the rows that stayed."""

from collections import Counter
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Final

from medgenius.curation.language import Languages
from medgenius.curation.parts import Part
from medgenius.curation.tokens import TokenCounter

BINS: Final = 20
"""Of the quality histogram, over 0 to 1."""


UNCLEAR: Final = "unclear"
"""Counted for a text that is too short to tell its language, or of which the detector is not sure."""
_SURE: Final = 0.5


@dataclass(slots=True)
class Measures:
    """Counts of a part; those of all parts add up."""

    rows: int = 0
    changed: int = 0
    """Rows with a change."""
    input_tokens: Counter[int] = field(default_factory=Counter)
    """Rows by the number of tokens of their instruction and question."""
    output_tokens: Counter[int] = field(default_factory=Counter)
    """Rows by the number of tokens of their answer."""
    categories: Counter[str] = field(default_factory=Counter)
    urgencies: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)
    quality: Counter[int] = field(default_factory=Counter)
    """Rows by bin of their quality, 0 to BINS - 1; rows without a score are in none."""
    criteria: Counter[str] = field(default_factory=Counter)
    """Sums of the quality criteria over the rows, in thousandths."""
    sources: dict[str, Counter[str]] = field(default_factory=dict)
    """Rows by source and licence."""

    def add(self, other: "Measures") -> None:
        self.rows += other.rows
        self.changed += other.changed
        for one in fields(self):
            mine = getattr(self, one.name)
            if isinstance(mine, Counter):
                mine.update(getattr(other, one.name))
        for source, licences in other.sources.items():
            self.sources.setdefault(source, Counter()).update(licences)


@cache
def _detector() -> Languages:
    return Languages()


def _language(text: str) -> str:
    found = _detector().of(text)
    return found.code if found and found.confidence >= _SURE else UNCLEAR


def measure(part: Part, tokens: TokenCounter) -> Measures:
    rows = part.rows
    measures = Measures(
        rows=len(rows),
        changed=sum(bool(row.changes) for row in rows),
        input_tokens=Counter(tokens([f"{row.instruction}\n{row.input}" for row in rows])),
        output_tokens=Counter(tokens([row.output for row in rows])),
        categories=Counter(row.category or "none" for row in rows),
        urgencies=Counter(row.urgency or "none" for row in rows),
        languages=Counter(_language(row.output) for row in rows),
        splits=Counter(part.splits),
        quality=Counter(min(int(row.quality * BINS), BINS - 1) for row in rows if row.quality is not None),
    )
    for row in rows:
        measures.sources.setdefault(row.source or "not named", Counter())[row.licence or "not named"] += 1
        for name, value in row.criteria:
            measures.criteria[name] += round(value * 1000)
    return measures
