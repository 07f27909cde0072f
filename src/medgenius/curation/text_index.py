"""An index of texts that finds which of them another text overlaps with: a shared long run of words, or most of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgenius.curation.similarity import U64, inner_runs, jaccard, runs


@dataclass(frozen=True, slots=True)
class _Lookup:
    """Hashes of all texts' runs, sorted, and the text each stands in."""

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


class TextIndex:
    """Texts are lists of words, as `similarity.words` gives them."""

    def __init__(self, texts: Sequence[Sequence[str]], ngram: int, similarity: float) -> None:
        """
        Args:
            ngram: words of a run that is long enough to tell of a copy
            similarity: Jaccard index of three-word runs, from 0 to 1, from which texts are near-duplicates
        """
        self._ngram = ngram
        self._similarity = similarity
        self._text_runs = [runs(text) for text in texts]
        self._runs = _Lookup.of(self._text_runs)
        self._ngrams = _Lookup.of([inner_runs(text, ngram) for text in texts])

    def overlap(self, text: Sequence[str]) -> int | None:
        """The first text that shares an n-gram, else the most similar one, if it is similar enough."""
        found = self.sharing_ngram(text)
        return self.near_duplicate(text) if found is None else found

    def sharing_ngram(self, text: Sequence[str]) -> int | None:
        """The first text that shares a run of `ngram` words."""
        first, counts = self._ngrams.places(inner_runs(text, self._ngram))
        return int(self._ngrams.texts[first[counts > 0]].min()) if counts.any() else None

    def near_duplicate(self, text: Sequence[str]) -> int | None:
        """The most similar text, the first of equals, if it is similar enough."""
        own = runs(text)
        scored = [(jaccard(own, self._text_runs[place]), -place) for place in self._candidates(own)]
        similarity, place = max(scored, default=(0.0, 0))
        return -place if scored and similarity >= self._similarity else None

    def _candidates(self, own: U64) -> list[int]:
        """Texts that may be similar enough: those that share one of the rarest runs.

        An index of s takes s * n shared runs of n, so at least one of any n - s * n + 1 (prefix filtering: Chaudhuri,
        Ganti and Kaushik, 2006). The rarest of them stand in hardly any text, "which of the following" in a thousand.
        """
        first, counts = self._runs.places(own)
        needed = len(own) - math.ceil(self._similarity * len(own)) + 1
        rarest = counts.argsort(kind="stable")[:needed]
        found: set[int] = set()
        for place in rarest[counts[rarest] > 0]:
            found.update(self._runs.texts[first[place] : first[place] + counts[place]].tolist())
        return sorted(found)
