"""Rows that overlap with an item of an evaluation set leave, so that what is measured was not seen in training."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from medgenius.config.curation.decontaminate import DecontaminateConfig
from medgenius.curation.row import Rejection, Row
from medgenius.curation.similarity import U64, inner_runs, jaccard, runs, words
from medgenius.errors import DataError
from medgenius.reading.files import read_records
from medgenius.reading.records import BadRow, ReadRules, Record

_MOST_BYTES: Final = 10_000_000
_FEWEST_WORDS: Final = 5
"""A shorter text of an item ("Yes", "Vitamin C") says nothing about where a row comes from."""


@dataclass(frozen=True, slots=True)
class _Lookup:
    """Hashes of all items' runs, sorted, and the text each stands in."""

    hashes: U64
    texts: NDArray[np.int64]

    @classmethod
    def of(cls, sets: Sequence[U64]) -> "_Lookup":
        hashes = np.concatenate([np.empty(0, dtype=np.uint64), *sets])
        texts = np.repeat(np.arange(len(sets)), [len(one) for one in sets])
        order = np.argsort(hashes, kind="stable")
        return cls(hashes[order], texts[order])

    def places(self, wanted: U64) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For each wanted run where its texts begin, and how many there are."""
        first = self.hashes.searchsorted(wanted, side="left")
        return first, self.hashes.searchsorted(wanted, side="right") - first


class Decontaminate:
    """Compares every row with every item, through an index of the items.

    Raises:
        DataError: an evaluation set cannot be read or holds no text.
    """

    name = "decontaminate"

    def __init__(self, config: DecontaminateConfig) -> None:
        self._config = config
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
        self._text_runs = [runs(text) for text in texts]
        self._runs = _Lookup.of(self._text_runs)
        self._ngrams = _Lookup.of([inner_runs(text, config.ngram) for text in texts])

    def __call__(self, rows: Sequence[Row]) -> list[Row | Rejection]:
        return [self._judged(row) for row in rows]

    def _judged(self, row: Row) -> Row | Rejection:
        if not self._names:
            return row
        for text in (words(row.input), words(row.output)):
            found = self._overlap(text)
            if found is not None:
                return Rejection(row, self.name, "contaminated", self._names[found])
        return row

    def _overlap(self, text: list[str]) -> int | None:
        """The first item's text that shares an n-gram, else the most similar one, if it is similar enough."""
        first, counts = self._ngrams.places(inner_runs(text, self._config.ngram))
        if counts.any():
            return int(self._ngrams.texts[first[counts > 0]].min())
        own = runs(text)
        scored = [(jaccard(own, self._text_runs[item]), -item) for item in self._candidates(own)]
        similarity, item = max(scored, default=(0.0, 0))
        return -item if scored and similarity >= self._config.similarity else None

    def _candidates(self, own: U64) -> list[int]:
        """Texts that may be similar enough: those that share one of the rarest runs.

        An index of s takes s * n shared runs of n, so at least one of any n - s * n + 1 (prefix filtering: Chaudhuri,
        Ganti and Kaushik, 2006). The rarest of them stand in hardly any item, "which of the following" in a thousand.
        """
        first, counts = self._runs.places(own)
        needed = len(own) - math.ceil(self._config.similarity * len(own)) + 1
        rarest = counts.argsort(kind="stable")[:needed]
        found: set[int] = set()
        for place in rarest[counts[rarest] > 0]:
            found.update(self._runs.texts[first[place] : first[place] + counts[place]].tolist())
        return sorted(found)


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
