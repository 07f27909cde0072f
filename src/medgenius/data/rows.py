"""Files of dialogues, read strictly: every row becomes a dialogue or a named reason why it can't be one.

JSON, JSONL and CSV are read here line by line, since a reader that parses a whole table at once cannot say which line
of the file was wrong; Parquet goes through `datasets`.
"""

import codecs
import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from medgenius.config.data import Columns
from medgenius.data.dialogue import Dialogue
from medgenius.errors import DataError


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used."""

    where: str
    """`file:line`, or `file:row` for a format without lines."""
    reason: str
    """What is wrong, without any of the row's text."""

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


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
    name = path.name.lower().removesuffix(".gz")
    reader = next((reader for ending, reader in _READERS.items() if name.endswith(ending)), None)
    if reader is None:
        known = ", ".join(_READERS)
        raise DataError(f"{path}: format not known by its name; readable are {known}, and .gz behind any but Parquet")
    yield from reader(path, rules)


def to_dialogue(row: object, where: str, rules: RowRules) -> Dialogue | BadRow:
    """One parsed row as a dialogue, or why not."""
    if not isinstance(row, Mapping):
        return BadRow(where, f"is not an object with keys but {_kind(row)}")
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
            return BadRow(where, f"has no key {column!r}")
        if not isinstance(value, str):
            return BadRow(where, f"{column!r} is {_kind(value)}, not text")
        if problem := _text_problem(value):
            return BadRow(where, f"{column!r} {problem}")
        texts[part] = value.strip()
    size = sum(len(text.encode()) for text in texts.values())
    if size > rules.max_row_bytes:
        return BadRow(where, _too_long(size, rules.max_row_bytes))
    return Dialogue(**texts, where=where)


def _text_problem(text: str) -> str | None:
    if "\0" in text:
        return "holds a NUL byte"
    if not text.strip():
        return "is empty"
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate: undecodable bytes of a CSV, or \ud800 in a JSON string
        return "is not valid UTF-8"
    return None


def _kind(value: object) -> str:
    if value is None:
        return "null"
    names: dict[type, str] = {
        bool: "a truth value",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "an object",
    }
    return names.get(type(value), type(value).__name__)


def _too_long(size: int, limit: int) -> str:
    return f"is {size:,} bytes long, over data.max_row_bytes={limit:,}"


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes, unzipped; a damaged or unreadable file is a named error."""
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as stream:
            yield cast("BinaryIO", stream)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: damaged gzip file: {error}") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None


def _read_jsonl(path: Path, rules: RowRules) -> Iterator[Dialogue | BadRow]:
    with _opened(path) as stream:
        number = 0
        while line := stream.readline(rules.max_row_bytes + 1):
            number += 1
            where = f"{path}:{number}"
            size = len(line)
            while not line.endswith(b"\n") and (more := stream.readline(1 << 20)):  # the rest of a line over the limit
                size += len(more)
                line = more
            if size > rules.max_row_bytes + 1:
                yield BadRow(where, _too_long(size, rules.max_row_bytes))
            elif line.removeprefix(codecs.BOM_UTF8).strip():
                yield _parse_line(line, where, rules)


def _parse_line(line: bytes, where: str, rules: RowRules) -> Dialogue | BadRow:
    if b"\0" in line:
        return BadRow(where, "holds a NUL byte")
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return BadRow(where, f"is not valid UTF-8 at byte {error.start + 1}")
    except json.JSONDecodeError as error:
        return BadRow(where, f"is not valid JSON: {error.msg} at column {error.colno}")
    except (RecursionError, ValueError):  # ValueError: a number of thousands of digits
        return BadRow(where, "is not valid JSON: nested too deeply, or a number too long")
    return to_dialogue(row, where, rules)


def _read_json(path: Path, rules: RowRules) -> Iterator[Dialogue | BadRow]:
    """A JSON list of rows; a file of one object per line is read as JSONL whatever its name."""
    with _opened(path) as stream:
        start = stream.read(4096).lstrip(b" \t\r\n\xef\xbb\xbf")
    if not start.startswith(b"["):
        yield from _read_jsonl(path, rules)
        return
    with _opened(path) as stream:
        content = stream.read()
    try:
        rows = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}:{line}: is not valid UTF-8") from None
    except json.JSONDecodeError as error:
        raise DataError(f"{path}:{error.lineno}: is not valid JSON: {error.msg} at column {error.colno}") from None
    except (RecursionError, ValueError):
        raise DataError(f"{path}: is not valid JSON: nested too deeply, or a number too long") from None
    for number, row in enumerate(rows, start=1):
        yield to_dialogue(row, f"{path}:row {number}", rules)


def _read_csv(path: Path, rules: RowRules) -> Iterator[Dialogue | BadRow]:
    # A field may be long; _text_problem and the byte limit judge it, not the csv module's own limit of 128 KiB.
    csv.field_size_limit(1 << 31)
    with _opened(path) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
        reader = csv.reader(text, strict=True)
        try:
            header = next(reader, None) or []
            _check_header(path, header, rules.columns)
            while True:
                line = reader.line_num + 1
                cells = next(reader, None)
                if cells is None:
                    return
                where = f"{path}:{line}"
                if not cells:
                    continue
                if len(cells) != len(header):
                    yield BadRow(where, f"has {len(cells)} fields, the header has {len(header)}")
                else:
                    yield to_dialogue(dict(zip(header, cells, strict=True)), where, rules)
        except csv.Error as error:
            raise DataError(f"{path}:{reader.line_num}: is not valid CSV: {error}") from None


def _check_header(path: Path, header: list[str], columns: Columns) -> None:
    for part, column in (("input", columns.input), ("output", columns.output)):
        if header.count(column) > 1:
            raise DataError(f"{path}:1: {header.count(column)} columns are called {column!r}")
        if column not in header:
            raise DataError(f"{path}:1: no column {column!r}; name yours with data.columns.{part}=…")


def _read_parquet(path: Path, rules: RowRules) -> Iterator[Dialogue | BadRow]:
    from datasets import Dataset, disable_progress_bars  # noqa: PLC0415  heavy, and only this format needs it

    disable_progress_bars()
    try:
        table = Dataset.from_parquet(str(path), keep_in_memory=True)
    except Exception as error:
        cause = error.__cause__ or error
        raise DataError(f"{path}: is not readable as Parquet: {' '.join(str(cause).split())[:200]}") from None
    _check_header(path, table.column_names, rules.columns)
    for number, row in enumerate(table, start=1):
        yield to_dialogue(row, f"{path}:row {number}", rules)


_READERS: dict[str, Callable[[Path, RowRules], Iterator[Dialogue | BadRow]]] = {
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".json": _read_json,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}
