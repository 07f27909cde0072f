"""How much of a generated answer stands word for word in the training rows, in tokens.

Long verbatim spans are what memorised patient text looks like from outside. A span of a few tokens is everyday
language, and boilerplate of the rows ("this does not replace medical advice") gives longer ones: compare with the base
model, which never saw the rows, and read the spans.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

_BYTES: Final = 4
"""Of a token in the text that is searched; big-endian, so that bytes compare as numbers do."""


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens of an answer that follow each other in a training row just so."""

    length: int
    """Tokens; 0 where no token of the answer occurs"""
    start: int
    """Of its first token in the answer"""
    row: int
    """A training row that holds it, -1 for none"""


class TrainingText:
    """A suffix array over all training rows (Manber and Myers, 1993): exact, about 70 bytes a token while it is made.

    Made by prefix doubling, which stops once suffixes are in order by their first `longest` tokens.
    """

    def __init__(self, rows: Sequence[Sequence[int]], longest: int = 4096) -> None:
        """
        Args:
            rows: the token ids of each training row; a span never goes over the end of one
            longest: answers may be of up to so many tokens
        """
        self._longest = longest
        self._ends = list(accumulate(len(row) + 1 for row in rows))
        # 0 ends each row; tokens are moved up by one, so that none is 0 and no answer reaches over an end.
        flat = np.zeros(self._ends[-1] if self._ends else 0, dtype=np.int64)
        start = 0
        for row, end in zip(rows, self._ends, strict=True):
            flat[start : end - 1] = np.asarray(row, dtype=np.int64) + 1
            start = end
        self._text = flat.astype(">u4").tobytes()
        self._order = _suffix_array(flat, longest)

    def longest_span(self, answer: Sequence[int]) -> Span:
        """The longest run of the answer's tokens that stands in a training row, the first of equals.

        Raises:
            ValueError: the answer is longer than what the suffixes were put in order for.
        """
        if len(answer) > self._longest:
            raise ValueError(f"an answer of {len(answer)} tokens; spans of at most {self._longest} are found")
        query = (np.asarray(answer, dtype=np.int64) + 1).astype(">u4").tobytes()
        best = Span(0, 0, -1)
        for start in range(len(answer)):
            if len(answer) - start <= best.length:
                break
            length, place = self._longest_from(query[start * _BYTES :])
            if length > best.length:
                best = Span(length, start, bisect_left(self._ends, place + 1))
        return best

    def _longest_from(self, query: bytes) -> tuple[int, int]:
        """How many tokens at the beginning of `query` occur together, and where."""

        def suffix(place: int) -> bytes:
            return self._text[place * _BYTES : place * _BYTES + len(query)]

        # What shares most with the query stands next to where the query itself would.
        after = bisect_left(self._order, query, key=suffix)
        nearest = [int(self._order[at]) for at in (after - 1, after) if 0 <= at < len(self._order)]
        return max(((_shared(query, suffix(place)), place) for place in nearest), default=(0, -1))


def _shared(one: bytes, other: bytes) -> int:
    """Tokens that both begin with."""
    if one == other:
        return len(one) // _BYTES
    count = min(len(one), len(other)) // _BYTES
    a, b = (np.frombuffer(text, dtype=">u4", count=count) for text in (one, other))
    different = np.flatnonzero(a != b)
    return int(different[0]) if len(different) else count


def _suffix_array(text: NDArray[np.int64], depth: int) -> NDArray[np.int64]:
    """(n,) where each suffix begins, in order of its first `depth` tokens at least."""
    count = len(text)
    ranks = np.unique(text, return_inverse=True)[1].astype(np.int64)
    order = np.argsort(ranks, kind="stable")
    known = 1
    while known < depth and count and ranks[order[-1]] < count - 1:
        behind = np.zeros(count, dtype=np.int64)
        behind[:-known] = ranks[known:] + 1 if known < count else 0
        keys = ranks * (count + 1) + behind
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        ranks[order] = np.concatenate([[0], np.cumsum(ordered[1:] != ordered[:-1])])
        known *= 2
    return order
