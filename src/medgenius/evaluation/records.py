"""evaluation.jsonl: a line for each item, written as it comes, so that an evaluation which was killed goes on.

Its first line says what is measured. Records of another run, another config or other items are never mixed in.
"""

import fcntl
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import AllowInfNan, Field, Strict, TypeAdapter, ValidationError
from typing_extensions import TypedDict  # Python 3.11's own can't be checked by pydantic

from medgenius.errors import NonFiniteError, RunError
from medgenius.evaluation.items import SetName
from medgenius.files import Json, refuse_constant

_VERSION: Final = 1
_KEY: Final = "medgenius_evaluation"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a system wrote."""

    text: str
    tokens: int
    """Without the end-of-sequence token"""
    finished: bool
    """Whether it ended by itself, not at `evaluation.max_new_tokens`."""
    ids: tuple[int, ...] = ()
    """Its tokens, without the one that ends it; not written down, so empty when read back"""


_Number = Annotated[float, Strict(), AllowInfNan(allow_inf_nan=False)]


class Score(TypedDict):
    """One measure of one item; null where an answer was not of a form that can be scored."""

    base: _Number | None
    tuned: _Number | None
    weight: Annotated[_Number, Field(gt=0)]
    """In the mean over the items: 1, or of a loss the number of target tokens."""


@dataclass(frozen=True, slots=True)
class Record:
    """A line of evaluation.jsonl."""

    set: SetName
    id: str
    item: str
    """Digest of the item, equal in every evaluation that asks the same."""
    prompt: str
    """SHA-256 of the base model's prompt, in token ids"""
    cluster: int
    """Items of one cluster are near-duplicates."""
    category: str
    """Medical category of a dialogue, as curation's rules give it; else empty."""
    base: Answer | None
    tuned: Answer | None
    """Both or neither"""
    scores: Mapping[str, Score]


_RECORD: Final = TypeAdapter(Record)


@contextmanager
def opened_records(path: Path, header: Mapping[str, Json]) -> Iterator["Records"]:
    """The records of this evaluation: a new file, or what an earlier start has left.

    Raises:
        RunError: the file is of another evaluation, damaged, in use or not writable.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror}") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(f"{path} is in use: another process evaluates into it; wait for it or stop it") from None
        os.fchmod(descriptor, 0o600)
        yield Records(path, descriptor, {_KEY: _VERSION, **header})
    finally:
        os.close(descriptor)


class Records:
    """An open evaluation.jsonl."""

    def __init__(self, path: Path, descriptor: int, header: Mapping[str, Json]) -> None:
        self._path = path
        self._descriptor = descriptor
        self.done: set[tuple[str, str]] = set()
        """Set and id of each item whose record is there."""
        self._drop_torn_line()
        lines = _lines(path)
        first = next(lines, None)
        if first is None:
            self._write(json.dumps(header, ensure_ascii=False) + "\n")
        else:
            _check(path, first[1], header)
            self.done = {(found.set, found.id) for found in _records(lines)}

    def _drop_torn_line(self) -> None:
        """A process that was killed may have left a part of a line at the end."""
        content_end = 0
        with self._path.open("rb") as stream:
            for line in stream:
                if line.endswith(b"\n"):
                    content_end += len(line)
        os.ftruncate(self._descriptor, content_end)

    def append(self, records: Sequence[Record]) -> None:
        """Write them through to the disk.

        Raises:
            NonFiniteError: a score is NaN or infinite: it is no record.
            RunError: the file can't be written.
        """
        self._write("".join(_line(record) for record in records))
        self.done |= {(record.set, record.id) for record in records}

    def _write(self, text: str) -> None:
        left = memoryview(text.encode())
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
            os.fsync(self._descriptor)
        except OSError as error:
            raise RunError(f"{self._path} cannot be written: {error.strerror}") from None

    def __iter__(self) -> Iterator[Record]:
        return read_records(self._path)


def read_records(path: Path) -> Iterator[Record]:
    """Every record, one at a time.

    Raises:
        RunError: there is no such file, a line of it is damaged, or an item has two.
    """
    lines = _lines(path)
    next(lines, None)
    yield from _records(lines)


def read_header(path: Path) -> dict[str, Json]:
    """The first line: which run, settings and items the records are of.

    Raises:
        RunError: there is no such file, or it is none of this version.
    """
    for _, header in _lines(path):
        if header.get(_KEY) == _VERSION:
            return header
        break
    raise RunError(f"{path} is no evaluation of this version")


def _line(record: Record) -> str:
    for name, score in record.scores.items():
        for side, found in (("base model", score["base"]), ("other system", score["tuned"])):
            if found is not None and not math.isfinite(found):
                raise NonFiniteError(f"{record.set}: {record.id}: {name} of the {side} is {found}")
    value = asdict(record)
    for side in ("base", "tuned"):
        if value[side] is not None:
            del value[side]["ids"]
    return json.dumps(value, ensure_ascii=False) + "\n"


def _records(lines: Iterator[tuple[str, dict[str, Json]]]) -> Iterator[Record]:
    """Of the lines behind the first."""
    places: dict[tuple[str, str], str] = {}
    for where, value in lines:
        record = _record(where, value)
        key = (record.set, record.id)
        if (first := places.setdefault(key, where)) is not where:
            raise RunError(f"{where} is damaged: {record.set} {record.id} has its record in {first}")
        yield record


def _record(where: str, value: dict[str, Json]) -> Record:
    try:
        record = _RECORD.validate_python(value)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise RunError(f"{where} is damaged: no record of this version ({place})") from None
    if (record.base is None) != (record.tuned is None):
        raise RunError(f"{where} is damaged: an answer of one system alone")
    return record


def _lines(path: Path) -> Iterator[tuple[str, dict[str, Json]]]:
    """Each line with its place; half a line at the end, of a process that is writing it or was killed, is no line."""
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                if not line.endswith(b"\n"):
                    return
                where = f"{path}:{number}"
                try:
                    value = json.loads(line, parse_constant=refuse_constant)
                except (RecursionError, ValueError):
                    raise RunError(f"{where} is damaged: not valid JSON") from None
                if not isinstance(value, dict):
                    raise RunError(f"{where} is damaged: no record")
                yield where, value
    except OSError as error:
        raise RunError(f"{path} can't be read: {error.strerror}") from None


def _check(path: Path, found: Mapping[str, Json], wanted: Mapping[str, Json]) -> None:
    if found.get(_KEY) != _VERSION:
        raise RunError(f"{path} is no evaluation of this version: choose another output, or remove it")
    for key in dict.fromkeys([*wanted, *found]):
        if found.get(key) != wanted.get(key):
            raise RunError(
                f"{path} holds another evaluation: {_difference(key, found.get(key), wanted.get(key))}; "
                "choose another output, or remove it"
            )


def _difference(key: str, found: Json, wanted: Json) -> str:
    """The first thing that differs, with both values where they are short."""
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        for inner in dict.fromkeys([*wanted, *found]):
            if found.get(inner) != wanted.get(inner):
                return _difference(f"{key}.{inner}", found.get(inner), wanted.get(inner))
    if isinstance(found, Mapping | list) or isinstance(wanted, Mapping | list):
        return f"another {key}"
    return f"{key} is {found} there and {wanted} here"
