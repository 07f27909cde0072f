"""Paired values of two systems on the same items, added up by cluster.

Everything works on the difference of each item. Items that are near copies of one another are no independent evidence:
they share a cluster, and clusters are drawn, flipped and counted whole.
"""

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

CONFIDENCE: Final = 0.95
_AT_ONCE: Final = 2_000_000
"""Drawn numbers in memory, whatever the number of items and resamples."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """Differences added up within each of G clusters; the mean over items is sums / sizes, totalled."""

    sums: F64
    """(G,)"""
    sizes: F64
    """(G,) items of each"""

    @classmethod
    def of(cls, base: Sequence[float], tuned: Sequence[float], clusters: Sequence[Hashable] | None) -> "Clusters":
        differences = _differences(base, tuned)
        if clusters is None:
            return cls(differences, np.ones(len(differences)))
        if len(clusters) != len(differences):
            raise ValueError(f"{len(differences)} items and {len(clusters)} cluster ids")
        numbers: dict[Hashable, int] = {}
        places = np.array([numbers.setdefault(cluster, len(numbers)) for cluster in clusters])
        sums = np.bincount(places, weights=differences).astype(np.float64)
        return cls(sums, np.bincount(places).astype(np.float64))

    @property
    def mean(self) -> float:
        return float(self.sums.sum() / self.sizes.sum())

    def resampled_means(self, resamples: int, seed: int) -> F64:
        """(resamples,) the mean over as many clusters, drawn with replacement."""
        generator = np.random.default_rng(seed)
        count = len(self.sums)
        return np.concatenate(
            [
                self.sums[drawn].sum(axis=1) / self.sizes[drawn].sum(axis=1)
                for rows in portions(resamples, count)
                for drawn in [generator.integers(0, count, (rows, count))]
            ]
        )

    @property
    def standard_error(self) -> float:
        """Of the mean, which is a ratio of two sums over clusters; infinite for one cluster."""
        count = len(self.sums)
        if count < 2:
            return math.inf
        residuals = self.sums - self.mean * self.sizes
        variance = float((residuals**2).sum()) * count / (count - 1)
        return math.sqrt(variance) / float(self.sizes.sum())

    def means_without_one(self) -> F64:
        """(G,) the jackknife: the mean without each cluster."""
        return np.asarray((self.sums.sum() - self.sums) / (self.sizes.sum() - self.sizes), dtype=np.float64)


def _differences(base: Sequence[float], tuned: Sequence[float]) -> F64:
    if len(base) != len(tuned) or not base:
        raise ValueError(f"a paired comparison of {len(base)} and {len(tuned)} values")
    return np.asarray(tuned, dtype=np.float64) - np.asarray(base, dtype=np.float64)


def portions(total: int, width: int) -> Iterator[int]:
    """Row counts that add up to `total`, so that rows of `width` numbers stay below _AT_ONCE."""
    portion = max(1, _AT_ONCE // width)
    for start in range(0, total, portion):
        yield min(portion, total - start)
