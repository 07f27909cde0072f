"""How sure a paired comparison is: the interval of a mean difference, and of a proportion."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from scipy.stats import t as student

from medgenius.evaluation.paired import CONFIDENCE, F64, Clusters

RESAMPLES: Final = 10_000
_FEW: Final = 10
"""Clusters from which on the bootstrap's intervals hold the truth as often as they say."""
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean difference, tuned less base, with its confidence interval."""

    difference: float
    low: float
    high: float


def paired_interval(
    base: Sequence[float],
    tuned: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """The mean of `tuned - base` over items with its 95 % interval: the bootstrap's, or Student's for few clusters.

    No resample reaches beyond the items that there are, so below ten clusters a bootstrap is too sure, however far it
    is stretched. The mean and t times its standard error stand there instead. One cluster
    says nothing of how they vary: the interval is everything.

    Args:
        clusters: the cluster of each item; items of one id are copies of one another.

    Raises:
        ValueError: not the same number of values, or none.
    """
    grouped = Clusters.of(base, tuned, clusters)
    count = len(grouped.sums)
    if count >= _FEW:
        return _bootstrap(grouped, resamples, seed)
    if count < 2:
        return Interval(grouped.mean, -math.inf, math.inf)
    error = float(student.ppf((1 + CONFIDENCE) / 2, count - 1)) * grouped.standard_error
    return Interval(grouped.mean, grouped.mean - error, grouped.mean + error)


def _bootstrap(grouped: Clusters, resamples: int, seed: int) -> Interval:
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


def _bca_tails(mean: float, means: F64, grouped: Clusters, width: float) -> tuple[float, float] | None:
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


def proportion_interval(successes: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a single proportion (Wilson, 1927)."""
    if not 0 <= successes <= count or not count:
        raise ValueError(f"{successes} of {count} is no proportion")
    z = _NORMAL.inv_cdf((1 + CONFIDENCE) / 2)
    share, width = successes / count, z * z / count
    centre = (share + width / 2) / (1 + width)
    reach = z / (1 + width) * math.sqrt(share * (1 - share) / count + width / (4 * count))
    return max(0.0, centre - reach), min(1.0, centre + reach)
