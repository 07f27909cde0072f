"""JSON by lines and JSON lists, a piece at a time.

A reader that parses a whole table at once can't say which line of the file was wrong, and holds all of it in memory.
"""

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from medgenius.errors import DataError
from medgenius.reading.records import BadRow, ReadRules, Record, opened, too_long

_PIECE: Final = 1 << 20
"""Bytes read at a time."""
_LONGEST: Final = 1 << 26
"""Bytes of one value of a list: behind a syntax error the rest of the file would look like one value."""
_SPACE: Final = " \t\r\n"


def read_jsonl(path: Path, rules: ReadRules) -> Iterator[Record | BadRow]:
    """One JSON value per line."""
    with opened(path) as stream:
        number = 0
        while line := stream.readline(rules.max_row_bytes + 1):
            number += 1
            where = f"{path}:{number}"
            size = len(line)
            while not line.endswith(b"\n") and (more := stream.readline(_PIECE)):  # the rest of a line over the limit
                size += len(more)
                line = more
            if size > rules.max_row_bytes + 1:
                yield too_long(where, size, rules.max_row_bytes)
            elif line.removeprefix(codecs.BOM_UTF8).strip():
                yield _parse_line(line, where)


def _parse_line(line: bytes, where: str) -> Record | BadRow:
    if b"\0" in line:
        return BadRow(where, "nul_byte", "holds a NUL byte")
    try:
        return Record(where, json.loads(line.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        return BadRow(where, "not_utf8", f"is not valid UTF-8 at byte {error.start + 1}")
    except json.JSONDecodeError as error:
        return BadRow(where, "not_json", f"is not valid JSON: {error.msg} at column {error.colno}")
    except (RecursionError, ValueError):  # ValueError: a number of thousands of digits
        return BadRow(where, "not_json", "is not valid JSON: nested too deeply, or a number too long")


def read_json(path: Path, rules: ReadRules) -> Iterator[Record | BadRow]:
    """A JSON list of rows; a file of one object per line is read as JSONL whatever its name."""
    with opened(path) as stream:
        start = stream.read(4096).lstrip(b" \t\r\n\xef\xbb\xbf")
    if not start.startswith(b"["):
        yield from read_jsonl(path, rules)
        return
    with opened(path) as stream:
        for number, value in enumerate(_ListValues(path, stream), start=1):
            yield Record(f"{path}:row {number}", value)


class _ListValues:
    """The values of a JSON list, decoded as the bytes come; the text of one value at most is kept."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self._path = path
        self._stream = stream
        self._decode_bytes = codecs.getincrementaldecoder("utf-8-sig")()
        self._decode = json.JSONDecoder().raw_decode
        self._text = ""
        self._at = 0
        self._lines = 0
        """Line breaks in the text that has been let go."""
        self._last = False
        self._wanted = _PIECE

    def __iter__(self) -> Iterator[object]:
        self._expect("[")
        if self._peek() == "]":
            self._at += 1
        else:
            while True:
                yield self._value()
                self._wanted = _PIECE
                if self._expect(",]") == "]":
                    break
        if self._peek():
            raise self._broken("Extra data", self._at)

    def _peek(self) -> str:
        """The next character that is no white space; empty at the end of the file."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read():
                return ""

    def _expect(self, characters: str) -> str:
        found = self._peek()
        if not found or found not in characters:
            raise self._broken(f"Expecting {' or '.join(map(repr, characters))}", self._at)
        self._at += 1
        return found

    def _value(self) -> object:
        """A value counts only once a character behind it is seen: `12` may be the start of `123`."""
        self._peek()
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except json.JSONDecodeError as error:
                problem = (error.msg, error.pos)
            except (RecursionError, ValueError):
                raise self._broken("nested too deeply, or a number too long", self._at) from None
            else:
                if end < len(self._text) or self._last:
                    self._at = end
                    return value
                problem = ("Expecting ',' or ']'", end)
            if len(self._text) - self._at > _LONGEST or not self._read():
                raise self._broken(*problem)

    def _read(self) -> bool:
        """Let go what was used and read on, each time twice as much for one value; False at the end."""
        if self._last:
            return False
        self._lines += self._text.count("\n", 0, self._at)
        rest = self._text[self._at :]
        data = self._stream.read(self._wanted)
        self._wanted *= 2
        self._last = not data
        try:
            more = self._decode_bytes.decode(data, final=self._last)
        except UnicodeDecodeError as error:
            line = self._lines + rest.count("\n") + data.count(b"\n", 0, error.start) + 1
            raise DataError(f"{self._path}:{line}: is not valid UTF-8") from None
        self._text, self._at = rest + more, 0
        return True

    def _broken(self, what: str, position: int) -> DataError:
        line = self._lines + self._text.count("\n", 0, position) + 1
        column = position - self._text.rfind("\n", 0, position)
        return DataError(f"{self._path}:{line}: is not valid JSON: {what} at column {column}")
