"""Files of dialogues, read strictly: every row becomes a dialogue or a named reason why it can't be one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from medgenius.config.data import Columns
from medgenius.data.dialogue import Dialogue
from medgenius.errors import DataError
from medgenius.reading.files import read_records
from medgenius.reading.records import BadRow, ReadRules, kind, no_object, text_problem, too_long


@dataclass(frozen=True, slots=True)
class RowRules:
    """What a row must be."""

    columns: Columns
    default_instruction: str
    max_row_bytes: int


def read_rows(path: Path, rules: RowRules) -> Iterator[Dialogue | BadRow]:
    """Every row of a file in order.

    Raises:
        DataError: the file as a whole cannot be read, or its format is not known.
    """

    def check_columns(path: Path, header: Sequence[str]) -> None:
        _check_header(path, header, rules.columns)

    for record in read_records(path, ReadRules(rules.max_row_bytes, check_columns)):
        yield record if isinstance(record, BadRow) else to_dialogue(record.value, record.where, rules)


def to_dialogue(row: object, where: str, rules: RowRules) -> Dialogue | BadRow:
    """One parsed row as a dialogue, or why not."""
    if not isinstance(row, Mapping):
        return no_object(where, row)
    texts: dict[str, str] = {}
    for part, column in (
        ("instruction", rules.columns.instruction),
        ("input", rules.columns.input),
        ("output", rules.columns.output),
    ):
        value = row.get(column)
        if part == "instruction" and value in (None, ""):
            value = rules.default_instruction
        if column not in row and value is None:
            return BadRow(where, "missing_key", f"has no key {column!r}")
        if not isinstance(value, str):
            return BadRow(where, "not_text", f"{column!r} is {kind(value)}, not text")
        if problem := text_problem(value):
            return BadRow(where, problem[0], f"{column!r} {problem[1]}")
        texts[part] = value.strip()
    size = sum(len(text.encode()) for text in texts.values())
    if size > rules.max_row_bytes:
        return too_long(where, size, rules.max_row_bytes)
    return Dialogue(**texts, where=where)


def _check_header(path: Path, header: Sequence[str], columns: Columns) -> None:
    for part, column in (("input", columns.input), ("output", columns.output)):
        if header.count(column) > 1:
            raise DataError(f"{path}:1: {header.count(column)} columns are called {column!r}")
        if column not in header:
            raise DataError(f"{path}:1: no column {column!r}; name yours with data.columns.{part}=…")
