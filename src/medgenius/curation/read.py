"""The first stage: files of any known form become parts of rows; what is no row is rejected with its place."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from medgenius.categories import CATEGORIES, Urgency
from medgenius.config.curate import RawData
from medgenius.curation.conversation import KEYS, Unusable, exchanges
from medgenius.curation.row import Change, Label, Rejection, Row
from medgenius.errors import DataError
from medgenius.reading.files import has_reader, read_records
from medgenius.reading.records import BadRow, ReadRules, encoding_problem, kind, no_object, too_long

STEP: Final = "read"
_INSTRUCTION: Final = "instruction"
"""The column's usual name, under which it may be absent."""
_URGENCIES: Final[Mapping[str, Urgency]] = {urgency: urgency for urgency in get_args(Urgency)}
_ORIGINS: Final[Mapping[str, Label]] = {"source": "source", "licence": "licence", "license": "licence"}

Texts = tuple[str, str, str]
"""Instruction, question and answer."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be read."""

    path: Path
    name: str
    """As rows are named by it: its place below the folder, so that moving the folder changes no result."""


def sources(config: RawData, output: Path) -> list[Source]:
    """The file, or every readable file below the folder in the order of their names, but for hidden ones.

    Where `output` lies in that folder it is not read: what a curation wrote is no raw row.

    Raises:
        DataError: there is none.
    """
    root = Path(config.path).expanduser()
    if root.is_file():
        return [Source(root, root.name)]
    written = output.resolve() if output.resolve() != root.resolve() else None
    found = sorted(
        path
        for path in root.rglob("*")
        if path.is_file()
        and has_reader(path)
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
        and written not in path.resolve().parents
    )
    if not found:
        raise DataError(f"data.path={config.path}: no JSON, JSONL, CSV or Parquet file in this folder")
    return [Source(path, str(path.relative_to(root))) for path in found]


def contents(files: Sequence[Source]) -> list[tuple[str, str]]:
    """Name and sha256 of every file: what the results follow from."""
    digests = []
    for source in files:
        try:
            with source.path.open("rb") as stream:
                digests.append((source.name, hashlib.file_digest(stream, "sha256").hexdigest()))
        except OSError as error:
            raise DataError(f"{source.path}: cannot be read: {error.strerror}") from None
    return digests


def read_rows(files: Sequence[Source], config: RawData) -> Iterator[Row | Rejection]:
    """Every row of every file in order.

    Raises:
        DataError: a file as a whole cannot be read, or no row has a column that it is to be read from.
    """
    columns = _SeenColumns(config)
    for source in files:

        def check_columns(path: Path, header: Sequence[str]) -> None:
            _check_header(path, header, config)

        for record in read_records(source.path, ReadRules(config.max_row_bytes, check_columns)):
            where = source.name + record.where.removeprefix(str(source.path))
            if isinstance(record, BadRow):
                yield _rejected(where, record.name, record.reason)
            else:
                columns.see(record.value)
                yield from to_rows(record.value, where, config)
    columns.check()


class _SeenColumns:
    """Which of the columns stand in any row: of a slip in a name all rows would tell, each for itself."""

    def __init__(self, config: RawData) -> None:
        self._path = config.path
        self._missing = dict(config.columns)
        if self._missing["instruction"] == _INSTRUCTION:
            del self._missing["instruction"]
        self._rows = 0

    def see(self, value: object) -> None:
        self._rows += 1
        if self._missing and isinstance(value, Mapping):
            talks = any(value.get(key) is not None for key in KEYS)
            self._missing = {
                part: column
                for part, column in self._missing.items()
                if column not in value and not (talks and part != "instruction")
            }

    def check(self) -> None:
        for part, column in self._missing.items():
            if self._rows:
                raise DataError(
                    f"data.path={self._path}: none of {self._rows:,} rows has the key {column!r} of "
                    f"data.columns.{part}: name yours with data.columns.{part}=…"
                )


def _check_header(path: Path, header: Sequence[str], config: RawData) -> None:
    if any(key in header for key in KEYS):
        return
    for part, column in (("input", config.columns.input), ("output", config.columns.output)):
        if header.count(column) != 1:
            number = header.count(column) or "no"
            raise DataError(f"{path}: {number} column {column!r}; name yours with data.columns.{part}=…")


def to_rows(value: object, where: str, config: RawData) -> list[Row | Rejection]:
    """One record as a row, as several (a conversation), or as the reason why it is none."""
    if not isinstance(value, Mapping):
        bad = no_object(where, value)
        return [_rejected(where, bad.name, bad.reason)]
    conversation = next((key for key in KEYS if value.get(key) is not None), None)
    if conversation is None or value.get(config.columns.output) is not None:
        return [_single(value, where, config)]
    read = exchanges(value[conversation], config.turns)
    if isinstance(read, Unusable):
        return [_rejected(where, read.name, read.reason)]
    several = len(read) > 1
    return [
        _row(
            (exchange.instruction or _optional(value.get(config.columns.instruction)), exchange.input, exchange.output),
            value,
            f"{where}#{number}" if several else where,
            config,
            where if several else "",
        )
        for number, exchange in enumerate(read, start=1)
    ]


def _single(value: Mapping[str, object], where: str, config: RawData) -> Row | Rejection:
    columns = config.columns
    names = (columns.instruction, columns.input, columns.output)
    instruction, question, answer = (_optional(value.get(name)) for name in names)
    texts = (instruction, question, answer)
    for column in names:
        text = value.get(column)
        if column == columns.instruction and text is None:
            continue
        if column not in value:
            return _rejected(where, "missing_key", f"has no key {column!r}", texts)
        if not isinstance(text, str):
            return _rejected(where, "not_text", f"{column!r} is {kind(text)}, not text", texts)
    return _row(texts, value, where, config)


def _row(
    texts: Texts, value: Mapping[str, object], where: str, config: RawData, conversation_id: str = ""
) -> Row | Rejection:
    """A row of texts that are in order, with what else the record says."""
    for text in texts:
        if problem := encoding_problem(text):
            return _rejected(where, *problem)
    if not texts[1].strip() or not texts[2].strip():
        return _rejected(where, "empty_text", "its question or its answer is empty", texts)
    size = sum(len(text.encode()) for text in texts)
    if size > config.max_row_bytes:
        return _rejected(where, "too_long", too_long(where, size, config.max_row_bytes).reason)
    category = _plain(value.get("category"))
    urgency = _plain(value.get("urgency"))
    confidence = value.get("confidence")
    known = category in CATEGORIES
    lost: list[tuple[Label, str]] = []
    if category and not known:
        lost.append(("category", "unknown_category"))
    if urgency and urgency not in _URGENCIES:
        lost.append(("urgency", "unknown_urgency"))
    for name, label in _ORIGINS.items():
        if not isinstance(value.get(name), str | None):
            lost.append((label, f"{label}_not_text"))
    return Row(
        where,
        *texts,
        source=_optional(value.get("source")) or config.source,
        licence=_optional(value.get("licence")) or _optional(value.get("license")) or config.licence,
        category=category if known else "",
        confidence=float(confidence) if known and isinstance(confidence, int | float) and 0 <= confidence <= 1 else 0.0,
        urgency=_URGENCIES.get(urgency, ""),
        conversation_id=conversation_id or _optional(value.get("conversation_id")),
        changes=tuple(Change(STEP, label, rule, 1) for label, rule in lost),
    )


def _optional(value: object) -> str:
    return value if isinstance(value, str) else ""


def _plain(value: object) -> str:
    """A label as the lists write it: `Internal medicine` is `internal_medicine`; a name for what is no text."""
    if value is None or isinstance(value, str):
        return "_".join((value or "").casefold().split())
    return kind(value)


def _rejected(where: str, name: str, reason: str, texts: Texts = ("", "", "")) -> Rejection:
    """A place without a row; its texts as far as they can be written down."""
    instruction, question, answer = (text if encoding_problem(text) is None else "" for text in texts)
    return Rejection(Row(where, instruction, question, answer), STEP, name, reason)
