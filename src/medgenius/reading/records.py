"""What a file gives: records in their order, and a named reason for each row that is none."""

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from medgenius.errors import DataError


@dataclass(frozen=True, slots=True)
class Record:
    """One parsed row of a file."""

    where: str
    """`file:line`, or `file:row n` for a format without lines."""
    value: object
    """Usually an object with keys; whether it is one is for the caller to judge."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used."""

    where: str
    """`file:line`, or `file:row n` for a format without lines."""
    name: str
    """The kind of defect, short and stable, to count by: `not_json`, `missing_key`."""
    reason: str
    """What is wrong, without any of the row's text."""

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


@dataclass(frozen=True, slots=True)
class ReadRules:
    """What every reader is told."""

    max_row_bytes: int
    check_columns: Callable[[Path, Sequence[str]], None]
    """Called with the names of a format that has a header; raises where they won't do."""


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes, unzipped; a damaged or unreadable file is a named error."""
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as stream:
            yield cast("BinaryIO", stream)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: damaged gzip file: {error}") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None


def too_long(where: str, size: int, limit: int) -> BadRow:
    return BadRow(where, "too_long", f"is {size:,} bytes long, over data.max_row_bytes={limit:,}")


def no_object(where: str, value: object) -> BadRow:
    return BadRow(where, "not_an_object", f"is not an object with keys but {kind(value)}")


def kind(value: object) -> str:
    """What a value is, in a reader's words."""
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


def text_problem(text: str) -> tuple[str, str] | None:
    """The name and the words for what keeps a text from being used, or None."""
    if "\0" in text:
        return "nul_byte", "holds a NUL byte"
    if not text.strip():
        return "empty_text", "is empty"
    return encoding_problem(text)


def encoding_problem(text: str) -> tuple[str, str] | None:
    """As `text_problem`, for text that may be empty and is still to be repaired."""
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate: undecodable bytes of a CSV, or \ud800 in a JSON string
        return "not_utf8", "is not valid UTF-8"
    return None
