"""The difference of two expected calibration errors, with an interval and a test.

It is no mean over items but a sum of absolute values over bins, so whole sets of items are drawn or exchanged. In each
set the error follows from sums within the bins, which are products of matrices.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from medgenius.evaluation.metrics.calibration import BINS
from medgenius.evaluation.statistics import CONFIDENCE

_AT_ONCE: Final = 2_000_000
"""Numbers in memory while resampling."""

F64 = NDArray[np.float64]
Side = tuple[Sequence[float], Sequence[float]]
"""Of one system: confidences, and 1 or 0 for right or wrong."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """Confidence less correctness, added up within each of G clusters of items."""

    base: F64
    """(G, BINS)"""
    tuned: F64
    """(G, BINS)"""
    sizes: F64
    """(G,) items of each cluster"""

    @classmethod
    def of(cls, sides: tuple[Side, Side], clusters: Sequence[str]) -> "Gaps":
        _, places = np.unique(np.asarray(clusters), return_inverse=True)
        base, tuned = (_summed(_by_bin(*side), places) for side in sides)
        return cls(base, tuned, np.bincount(places).astype(np.float64))

    @property
    def clusters(self) -> int:
        return len(self.sizes)

    def interval(self, resamples: int, seed: int) -> tuple[float, float]:
        """The percentile interval of tuned less base, with clusters drawn with replacement."""
        count = self.clusters
        generator = np.random.default_rng(seed)
        drawn: list[F64] = []
        for rows in _portions(resamples, count):
            times = generator.multinomial(count, np.full(count, 1 / count), size=rows).astype(np.float64)
            base, tuned = (np.abs(times @ gaps).sum(axis=1) / (times @ self.sizes) for gaps in (self.base, self.tuned))
            drawn.append(tuned - base)
        low, high = np.percentile(np.concatenate(drawn), [50 * (1 - CONFIDENCE), 50 * (1 + CONFIDENCE)])
        return float(low), float(high)

    def swap_test(self, resamples: int, seed: int) -> float:
        """Two-sided p of no difference: how often it is as large when base and tuned change places by a coin's toss."""
        generator = np.random.default_rng(seed)
        base, tuned, change = self.base.sum(axis=0), self.tuned.sum(axis=0), self.tuned - self.base
        # The same sum in another order differs in its last bits; what is equal must count as equal.
        observed = abs(np.abs(tuned).sum() - np.abs(base).sum()) * (1 - 1e-12)
        as_large = 0
        for rows in _portions(resamples, self.clusters):
            moved = generator.integers(0, 2, (rows, self.clusters)).astype(np.float64) @ change
            differences = np.abs(tuned - moved).sum(axis=1) - np.abs(base + moved).sum(axis=1)
            as_large += int(np.count_nonzero(np.abs(differences) >= observed))
        return (1 + as_large) / (1 + resamples)


def _by_bin(confidences: Sequence[float], correct: Sequence[float]) -> F64:
    """(n, BINS) the gap of each item, in the column of its bin."""
    sure = np.asarray(confidences)
    bins = np.minimum(np.searchsorted(np.linspace(0, 1, BINS + 1), sure, side="right") - 1, BINS - 1)
    gaps = np.zeros((len(sure), BINS))
    gaps[np.arange(len(sure)), bins] = sure - np.asarray(correct)
    return gaps


def _summed(gaps: F64, places: NDArray[np.int64]) -> F64:
    return np.stack([np.bincount(places, weights=gaps[:, place]) for place in range(BINS)], axis=1)


def _portions(total: int, width: int) -> Iterator[int]:
    """Row counts that add up to `total`, so that rows of `width` numbers stay below _AT_ONCE."""
    portion = max(1, _AT_ONCE // width)
    for start in range(0, total, portion):
        yield min(portion, total - start)
