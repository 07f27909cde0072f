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
FLIPS: Final = 10_000
"""Of the sign-flip test: p of 0.0001, times some forty measures, is still below 5 %."""
CONFIDENCE: Final = 0.95
POWER: Final = 0.8
_FEW: Final = 10
"""Clusters from which on the bootstrap's intervals hold the truth as often as they say."""
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


def _portions(total: int, width: int) -> Iterator[int]:
    """Row counts that add up to `total`, so that rows of `width` numbers stay below _AT_ONCE."""
    portion = max(1, _AT_ONCE // width)
    for start in range(0, total, portion):
        yield min(portion, total - start)


def paired_interval(
    base: Sequence[float],
    tuned: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """The mean of `tuned - base` over items with its 95 % interval: the bootstrap's, or Student's for few clusters.

    No resample reaches beyond the items that there are, so below ten clusters a bootstrap is too sure, however far it
    is stretched (48 % for two, 90 % for five). The mean and t times its standard error stand there instead. One cluster
    says nothing of how they vary: the interval is everything.

    Args:
        clusters: the cluster of each item; items of one id are copies of one another.

    Raises:
        ValueError: not the same number of values, or none.
    """
    grouped = _Clusters.of(base, tuned, clusters)
    count = len(grouped.sums)
    if count >= _FEW:
        return _bootstrap(grouped, resamples, seed)
    if count < 2:
        return Interval(grouped.mean, -math.inf, math.inf)
    error = float(student.ppf((1 + CONFIDENCE) / 2, count - 1)) * grouped.standard_error
    return Interval(grouped.mean, grouped.mean - error, grouped.mean + error)


def _bootstrap(grouped: _Clusters, resamples: int, seed: int) -> Interval:
    """The bootstrap interval (Efron and Tibshirani, 1993, ch. 13, 14).

    Whole clusters are drawn with replacement. BCa corrects the percentiles for bias and skewness; where it is not
    defined (every resample on one side of the mean) the plain percentiles stand. Both reach further for fewer clusters,
    as Student's t does, since resamples of n vary less than n do (Hesterberg, 2015, section 5.3). Without clusters the
    result is that of scipy.stats.bootstrap for the same seed and `reach`.
    """
    mean = grouped.mean
    means = grouped.resampled_means(resamples, seed)
    z = reach(len(grouped.sums))
    tails = _bca_tails(mean, means, grouped, z) or (_NORMAL.cdf(-z), _NORMAL.cdf(z))
    low, high = np.percentile(means, [100 * tail for tail in tails])
    return Interval(mean, float(low), float(high))


def reach(count: int) -> float:
    """Standard errors to either side that an interval from `count` clusters takes in: 1.96 for many, more for few."""
    return math.sqrt(count / (count - 1)) * float(student.ppf((1 + CONFIDENCE) / 2, count - 1))


def _bca_tails(mean: float, means: F64, grouped: _Clusters, width: float) -> tuple[float, float] | None:
    """The shares of resamples below either end; None where they are not defined (Efron, 1987)."""
    below = (np.count_nonzero(means < mean) + np.count_nonzero(means <= mean)) / (2 * len(means))
    if not 0 < below < 1:
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
    flips: int = FLIPS,
    seed: int = 0,
) -> float:
    """Two-sided p of no difference: how often the mean is as large when the sign of each cluster is a coin's.

    The paired randomisation test (Fisher; Noreen, 1989), which assumes nothing but that base and tuned could have
    changed places. All signs are tried where there are no more than `flips` of them; else so many are drawn, the
    observed ones count as one more, and p is never 0.
    """
    grouped = _Clusters.of(base, tuned, clusters)
    count = len(grouped.sums)
    # The same sum in another order differs in its last bits; what is equal must count as equal.
    observed = abs(grouped.sums.sum()) * (1 - 1e-12)

    def as_large(signs: F64) -> int:
        return int(np.count_nonzero(np.abs(signs @ grouped.sums) >= observed))

    if 2**count <= flips:
        return as_large(_all_signs(count)) / (1 << count)
    generator = np.random.default_rng(seed)
    found = 0
    for rows in _portions(flips, count):
        found += as_large(np.asarray(generator.integers(0, 2, (rows, count)) * 2.0 - 1.0, dtype=np.float64))
    return (1 + found) / (1 + flips)


def _all_signs(count: int) -> F64:
    """(2**count, count) of -1 and 1."""
    numbers = np.arange(2**count)[:, np.newaxis]
    return np.asarray((numbers >> np.arange(count) & 1) * 2.0 - 1.0, dtype=np.float64)


def smallest_p(clusters: int) -> float:
    """What the sign-flip test and McNemar's come to at best: all of so many differences on one side."""
    return max(2.0 ** (1 - clusters), 1 / (1 + FLIPS))


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


def standard_error(base: Sequence[float], tuned: Sequence[float], clusters: Sequence[Hashable] | None = None) -> float:
    """Of the mean of `tuned - base`; clusters count as one. Infinite for one cluster."""
    return _Clusters.of(base, tuned, clusters).standard_error


def minimum_detectable_effect(error: float, clusters: int, family: int = 1) -> float:
    """The true mean difference that is found in 80 of 100 studies of as many such items.

    Found means: by a two-sided test at 5 %, divided by the size of the family, which is what the surest of its
    differences must pass under Holm's adjustment. (t_(1 - alpha/2) + t_0.8) times the standard error (Bloom, 1995);
    infinite where no difference of so few clusters could pass, and found in 70 of 100 where one only just can.

    Args:
        error: the standard error of the mean difference
        clusters: independent items
        family: measures that are tested together
    """
    alpha, step = (1 - CONFIDENCE) / family, smallest_p(clusters)
    if step >= alpha:
        return math.inf
    alpha = step * (alpha // step)  # p of few clusters comes in steps
    found, missed = (float(student.ppf(share, clusters - 1)) for share in (1 - alpha / 2, POWER))
    return (found + missed) * error


def proportion_interval(successes: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a single proportion (Wilson, 1927)."""
    if not 0 <= successes <= count or not count:
        raise ValueError(f"{successes} of {count} is no proportion")
    z = _NORMAL.inv_cdf((1 + CONFIDENCE) / 2)
    share, width = successes / count, z * z / count
    centre = (share + width / 2) / (1 + width)
    reach = z / (1 + width) * math.sqrt(share * (1 - share) / count + width / (4 * count))
    return max(0.0, centre - reach), min(1.0, centre + reach)
