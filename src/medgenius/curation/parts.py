"""Parts: the portions of rows in which curation works, each one file that is there whole or not at all."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, get_args

import msgspec

from medgenius.curation.row import Rejection, Row
from medgenius.files import new_file

ROWS: Final = 500
"""Rows of a part as it is read. It changes no result, only how much is in memory and lost by a kill."""
EXAMPLES: Final = 4
"""Kept of each rule and reason."""
_LABELS: Final = 100
BYTES: Final = 8_000_000
"""A part of long rows ends earlier: characters of text."""


@dataclass(slots=True)
class Example:
    """A row before and after a step, for the report."""

    key: str
    label: str
    """The rules that changed it, or the reason why it left."""
    detail: str
    before: str
    after: str


@dataclass(slots=True)
class StepTally:
    """What one step did to the rows of a part."""

    rows_in: int = 0
    rows_changed: int = 0
    seconds: float = 0.0
    """Of computing, summed over the processes."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Rows rejected by reason."""
    rules: Counter[str] = field(default_factory=Counter)
    """Changes by rule."""
    changed: dict[str, list[Example]] = field(default_factory=dict)
    """A few changed rows by their rules."""
    dropped: dict[str, list[Example]] = field(default_factory=dict)
    """A few rejected rows by reason."""

    @property
    def rows_rejected(self) -> int:
        return sum(self.reasons.values())

    def add(self, other: "StepTally") -> None:
        """Take in those of a later part."""
        self.rows_in += other.rows_in
        self.rows_changed += other.rows_changed
        self.seconds += other.seconds
        self.reasons.update(other.reasons)
        self.rules.update(other.rules)
        for mine, theirs in ((self.changed, other.changed), (self.dropped, other.dropped)):
            for label, examples in theirs.items():
                for example in examples:
                    keep_example(mine, label, example)


def keep_example(examples: dict[str, list[Example]], label: str, example: Example) -> None:
    """Take it in, if there is room: for a few of each label, and for so many labels."""
    if label in examples or len(examples) < _LABELS:
        kept = examples.setdefault(label, [])
        if len(kept) < EXAMPLES:
            kept.append(example)


@dataclass(slots=True)
class Part:
    """What a stage made of one portion of the rows."""

    rows: list[Row]
    rejected: list[Rejection] = field(default_factory=list)
    tallies: dict[str, StepTally] = field(default_factory=dict)
    """By step."""
    splits: list[str] = field(default_factory=list)
    """Of each row, once there are any."""


@dataclass(slots=True)
class Tallied:
    """A part without its kept rows."""

    tallies: dict[str, StepTally] = field(default_factory=dict)


def counter(kind: type, value: object) -> object:
    """For decoders: JSON holds a counter as an object, so its keys as text."""
    assert isinstance(value, dict)
    key = get_args(kind)[0]
    return Counter({key(name): count for name, count in value.items()})


_DECODE_PART: Final = msgspec.json.Decoder(Part, dec_hook=counter)
_DECODE_TALLIES: Final = msgspec.json.Decoder(Tallied, dec_hook=counter)
_ENCODER: Final = msgspec.json.Encoder()


def part_file(folder: Path, number: int) -> Path:
    return folder / f"part-{number:06d}.json"


def write_part(folder: Path, number: int, part: Part) -> None:
    write_bytes(part_file(folder, number), _ENCODER.encode(part))


def write_bytes(path: Path, content: bytes) -> None:
    with new_file(path) as stream:
        stream.write(content)


def read_part(folder: Path, number: int) -> Part:
    return _DECODE_PART.decode(part_file(folder, number).read_bytes())


def read_tallies(folder: Path, number: int) -> dict[str, StepTally]:
    return _DECODE_TALLIES.decode(part_file(folder, number).read_bytes()).tallies


def digest(*values: object) -> str:
    """A name for values: equal only for equal ones."""
    return hashlib.sha256(_ENCODER.encode(values)).hexdigest()
