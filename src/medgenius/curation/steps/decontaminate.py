"""Rows that overlap with an item of an evaluation set leave, so that what is measured was not seen in training."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from medgenius.config.curation.decontaminate import DecontaminateConfig
from medgenius.curation.row import Rejection, Row
from medgenius.curation.similarity import words
from medgenius.curation.text_index import TextIndex
from medgenius.errors import DataError
from medgenius.reading.files import read_records
from medgenius.reading.records import BadRow, ReadRules, Record

_MOST_BYTES: Final = 10_000_000
_FEWEST_WORDS: Final = 5
"""A shorter text of an item ("Yes", "Vitamin C") says nothing about where a row comes from."""


class Decontaminate:
    """Compares every row with every item, through an index of the items.

    Raises:
        DataError: an evaluation set cannot be read or holds no text.
    """

    name = "decontaminate"

    def __init__(self, config: DecontaminateConfig) -> None:
        self._names: list[str] = []
        """Set and item of each text."""
        texts: list[list[str]] = []
        for path in config.sets:
            before = len(texts)
            for name, text in _texts(Path(path).expanduser(), frozenset(config.ignored_keys)):
                if len(split := words(text)) >= _FEWEST_WORDS:
                    self._names.append(name)
                    texts.append(split)
            if len(texts) == before:
                raise DataError(f"curation.decontaminate.sets: {path}: no item with text in it")
        self._index = TextIndex(texts, config.ngram, config.similarity)

    def __call__(self, rows: Sequence[Row]) -> list[Row | Rejection]:
        return [self._judged(row) for row in rows]

    def _judged(self, row: Row) -> Row | Rejection:
        if not self._names:
            return row
        for text in (words(row.input), words(row.output)):
            found = self._index.overlap(text)
            if found is not None:
                return Rejection(row, self.name, "contaminated", self._names[found])
        return row


def _texts(path: Path, ignored: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Every text of every item, with the name of set and item: `medmcqa_dev.jsonl.gz item 45258d3d`."""
    rules = ReadRules(_MOST_BYTES, lambda _path, _header: None)
    for number, record in enumerate(read_records(path, rules), start=1):
        if isinstance(record, BadRow):
            raise DataError(f"curation.decontaminate.sets: {record}")
        name = f"{path.name} item {_identity(record, number)}"
        for text in _strings(record.value, ignored):
            yield name, text


def _identity(record: Record, number: int) -> str:
    identity = record.value.get("id") if isinstance(record.value, Mapping) else None
    return str(identity) if isinstance(identity, str | int) else str(number)


def _strings(value: object, ignored: frozenset[str]) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in ignored:
                yield from _strings(inner, ignored)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner, ignored)
