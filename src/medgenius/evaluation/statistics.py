"""How sure a paired comparison is: intervals, tests, and the smallest effect that a set of items can show.

Two systems answer the same items, so everything here works on the difference of each item. Items that are near copies
of one another are no independent evidence: they share a cluster, and clusters are drawn, flipped and counted whole.
"""

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

F64 = NDArray[np.float64]

RESAMPLES: Final = 10_000
CONFIDENCE: Final = 0.95
POWER: Final = 0.8
_AT_ONCE: Final = 2_000_000
"""Drawn numbers in memory, whatever the number of items and resamples."""
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean difference, tuned less base, with its confidence interval."""

    difference: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class _Clusters:
    """Differences added up within each of G clusters; the mean over items is sums / sizes, totalled."""

    sums: F64
    """(G,)"""
    sizes: F64
    """(G,) items of each"""

    @classmethod
    def of(cls, base: Sequence[float], tuned: Sequence[float], clusters: Sequence[Hashable] | None) -> "_Clusters":
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
                for rows in _portions(resamples, count)
                for drawn in [generator.integers(0, count, (rows, count))]
            ]
        )

    def means_without_one(self) -> F64:
        """(G,) the jackknife: the mean without each cluster."""
        return np.asarray((self.sums.sum() - self.sums) / (self.sizes.sum() - self.sizes), dtype=np.float64)


def _differences(base: Sequence[float], tuned: Sequence[float]) -> F64:
    if len(base) != len(tuned) or not base:
        raise ValueError(f"a paired comparison of {len(base)} and {len(tuned)} values")
    return np.asarray(tuned, dtype=np.float64) - np.asarray(base, dtype=np.float64)


def _portions(total: int, width: int) -> Iterator[int]:
    """Row counts that add up to `total`, so that rows of `width` numbers stay below _AT_ONCE."""
    portion = max(1, _AT_ONCE // width)
    for start in range(0, total, portion):
        yield min(portion, total - start)


def paired_bootstrap(
    base: Sequence[float],
    tuned: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """The mean of `tuned - base` over items with its 95 % bootstrap interval (Efron and Tibshirani, 1993, ch. 13, 14).

    Whole clusters are drawn with replacement. BCa corrects the percentiles for bias and skewness; where it is not
    defined (every resample on one side of the mean) the plain percentiles stand. Both reach further for few clusters,
    as Student's t does, since resamples of n vary less than n do (Hesterberg, 2015, section 5.3). Without clusters the
    result is that of scipy.stats.bootstrap for the same seed and `reach`.

    Args:
        clusters: the cluster of each item; items of one id are copies of one another.

    Raises:
        ValueError: not the same number of values, or none.
    """
    grouped = _Clusters.of(base, tuned, clusters)
    mean = grouped.mean
    means = grouped.resampled_means(resamples, seed)
    z = reach(len(grouped.sums))
    tails = _bca_tails(mean, means, grouped, z) or (_NORMAL.cdf(-z), _NORMAL.cdf(z))
    low, high = np.percentile(means, [100 * tail for tail in tails])
    return Interval(mean, float(low), float(high))


def reach(count: int) -> float:
    """Standard errors to either side that an interval from `count` clusters takes in: 1.96 for many, more for few."""
    if count < 2:
        return _NORMAL.inv_cdf((1 + CONFIDENCE) / 2)
    return math.sqrt(count / (count - 1)) * float(student.ppf((1 + CONFIDENCE) / 2, count - 1))


def _bca_tails(mean: float, means: F64, grouped: _Clusters, width: float) -> tuple[float, float] | None:
    """The shares of resamples below either end; None where they are not defined (Efron, 1987)."""
    below = (np.count_nonzero(means < mean) + np.count_nonzero(means <= mean)) / (2 * len(means))
    if len(grouped.sums) < 2 or not 0 < below < 1:
        return None
    bias = _NORMAL.inv_cdf(below)
    without_one = grouped.means_without_one()
    influence = without_one.mean() - without_one
    spread = float((influence**2).sum())
    acceleration = float((influence**3).sum()) / (6 * spread**1.5) if spread else 0.0

    def shifted(z: float) -> float:
        return _NORMAL.cdf(bias + (bias + z) / (1 - acceleration * (bias + z)))

    return shifted(-width), shifted(width)


def sign_flip_test(
    base: Sequence[float],
    tuned: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> float:
    """Two-sided p of no difference: how often the mean is as large when the sign of each cluster is a coin's.

    The paired randomisation test (Fisher; Noreen, 1989), which assumes nothing but that base and tuned could have
    changed places. The observed signs count as one of the resamples, so p is never 0.
    """
    grouped = _Clusters.of(base, tuned, clusters)
    generator = np.random.default_rng(seed)
    # The same sum in another order differs in its last bits; what is equal must count as equal.
    observed = abs(grouped.sums.sum()) * (1 - 1e-12)
    as_large = sum(
        np.count_nonzero(np.abs(signs @ grouped.sums) >= observed)
        for rows in _portions(resamples, len(grouped.sums))
        for signs in [generator.integers(0, 2, (rows, len(grouped.sums))) * 2.0 - 1.0]
    )
    return (1 + int(as_large)) / (1 + resamples)


def mcnemar(b: int, c: int, *, mid_p: bool = False) -> float:
    """Two-sided p of McNemar's test from the discordant pairs: only base right, only tuned right.

    Exact: the binomial of b in b + c with probability one half. The mid-p variant counts half of the observed table
    and is less conservative (Fagerland, Lydersen and Laake, 2013).
    """
    if b < 0 or c < 0:
        raise ValueError(f"discordant pairs can't be counted as {b} and {c}")
    count, fewer = b + c, min(b, c)
    ways = at_most = 1
    for successes in range(1, fewer + 1):
        ways = ways * (count - successes + 1) // successes
        at_most += ways
    twice = 2 * at_most - (ways if mid_p else 0)
    return min(1.0, float(Fraction(twice, 2**count)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values, in the given order, that keep the chance of any false alarm in the family (Holm, 1979)."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def minimum_detectable_effect(
    base: Sequence[float], tuned: Sequence[float], clusters: Sequence[Hashable] | None = None
) -> float:
    """The true mean difference that a two-sided 5 % test on as many such items finds in 80 of 100 studies.

    (z_0.975 + z_0.8) times the standard error (Bloom, 1995), which counts clusters as one; infinite for one cluster.
    """
    grouped = _Clusters.of(base, tuned, clusters)
    count = len(grouped.sums)
    if count < 2:
        return math.inf
    residuals = grouped.sums - grouped.mean * grouped.sizes
    variance = float((residuals**2).sum()) * count / (count - 1) / float(grouped.sizes.sum()) ** 2
    return (_NORMAL.inv_cdf((1 + CONFIDENCE) / 2) + _NORMAL.inv_cdf(POWER)) * math.sqrt(variance)


def proportion_interval(successes: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a single proportion (Wilson, 1927)."""
    if not 0 <= successes <= count or not count:
        raise ValueError(f"{successes} of {count} is no proportion")
    z = _NORMAL.inv_cdf((1 + CONFIDENCE) / 2)
    share, width = successes / count, z * z / count
    centre = (share + width / 2) / (1 + width)
    reach = z / (1 + width) * math.sqrt(share * (1 - share) / count + width / (4 * count))
    return max(0.0, centre - reach), min(1.0, centre + reach)
