"""Files of dialogues, read strictly: every row becomes a dialogue or a named reason why it can't be one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from medgenius.config.data import Columns
from medgenius.config.suggest import nearest
from medgenius.data.dialogue import Dialogue, Part
from medgenius.errors import DataError
from medgenius.reading.files import read_records
from medgenius.reading.records import BadRow, ReadRules, kind, no_object, text_problem, too_long

_USUAL: Final = {"data.columns.instruction": "instruction", "data.split_column": "split"}
"""Keys of columns that may be absent under their usual names."""
_PARTS: Final[Mapping[str, Part]] = {part: part for part in get_args(Part)}


@dataclass(frozen=True, slots=True)
class RowRules:
    """What a row must be."""

    columns: Columns
    default_instruction: str
    max_row_bytes: int
    split_column: str | None = None
    """None: rows bring no split, or it is not asked for"""


def read_rows(path: Path, rules: RowRules) -> Iterator[Dialogue | BadRow]:
    """Every row of a file in order.

    Raises:
        DataError: the file as a whole cannot be read, its format is not known, or it has no column of the name that
            was given for the instruction or the split.
    """

    def check_columns(path: Path, header: Sequence[str]) -> None:
        _check_header(path, header, rules)

    rows, unseen = 0, _named_columns(rules)
    for record in read_records(path, ReadRules(rules.max_row_bytes, check_columns)):
        if isinstance(record, BadRow):
            yield record
            continue
        rows += 1
        if unseen and isinstance(record.value, Mapping):
            unseen = [(key, column) for key, column in unseen if column not in record.value]
        yield to_dialogue(record.value, record.where, rules)
    for key, column in unseen if rows else []:  # after a slip all would have the default, or be split anew
        raise DataError(f"{path}: none of {rows:,} rows has the key {column!r} of {key}")


def to_dialogue(row: object, where: str, rules: RowRules) -> Dialogue | BadRow:
    """One parsed row as a dialogue, or why not."""
    if not isinstance(row, Mapping):
        return no_object(where, row)
    texts: dict[str, str] = {}
    for name, column in (
        ("instruction", rules.columns.instruction),
        ("input", rules.columns.input),
        ("output", rules.columns.output),
    ):
        value = row.get(column)
        if name == "instruction" and (value is None or (isinstance(value, str) and not value.strip())):
            value = rules.default_instruction
        if column not in row and value is None:
            return BadRow(where, "missing_key", f"has no key {column!r}")
        if not isinstance(value, str):
            return BadRow(where, "not_text", f"{column!r} is {kind(value)}, not text")
        if problem := text_problem(value):
            return BadRow(where, problem[0], f"{column!r} {problem[1]}")
        texts[name] = value.strip()
    size = sum(len(text.encode()) for text in texts.values())
    if size > rules.max_row_bytes:
        return too_long(where, size, rules.max_row_bytes)
    part = _part(row, where, rules.split_column)
    return part if isinstance(part, BadRow) else Dialogue(**texts, where=where, part=part)


def _part(row: Mapping[object, object], where: str, column: str | None) -> Part | BadRow | None:
    """Where a row says that it belongs; None where it says nothing, or is not asked."""
    value = row.get(column) if column else None
    if value is None:
        return None
    found = _PARTS.get(value) if isinstance(value, str) else None
    parts = ", ".join(_PARTS)
    return found or BadRow(where, "no_part", f"{column!r} is none of {parts} (data.split_column=null splits anew)")


def _named_columns(rules: RowRules) -> list[tuple[str, str]]:
    """(key, column) of those that may be absent, where they have another name than the usual one."""
    chosen = {"data.columns.instruction": rules.columns.instruction, "data.split_column": rules.split_column}
    return [(key, column) for key, column in chosen.items() if column is not None and column != _USUAL[key]]


def needed_columns(rules: RowRules) -> list[tuple[str, str]]:
    """(key, column) of those that a table must have: an instruction's and a split's only where they were named."""
    columns = rules.columns
    return [*_named_columns(rules), ("data.columns.input", columns.input), ("data.columns.output", columns.output)]


def _check_header(path: Path, header: Sequence[str], rules: RowRules) -> None:
    read = {rules.columns.instruction, rules.split_column, rules.columns.input, rules.columns.output}
    if twice := next((name for name in header if name in read and header.count(name) > 1), None):
        raise DataError(f"{path}:1: {header.count(twice)} columns are called {twice!r}")
    for key, column in needed_columns(rules):
        if column not in header:
            # The first row of a table without a header would be shown as names of columns.
            meant = nearest(column, [name for name in header if re.fullmatch(r"\w{1,30}", name)])
            hint = f"did you mean {meant}?" if meant else f"name yours with {key}=…"
            raise DataError(f"{path}:1: no column {column!r}; {hint}")
