"""Whether a paired comparison shows a difference: tests, their family, and the smallest effect that items can show."""

import math
from collections.abc import Hashable, Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from scipy.stats import t as student

from medgenius.evaluation.paired import CONFIDENCE, F64, Clusters, portions

FLIPS: Final = 10_000
"""Of the sign-flip test: p of 0.0001, times some forty measures, is still below 5 %."""
POWER: Final = 0.8


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
    grouped = Clusters.of(base, tuned, clusters)
    count = len(grouped.sums)
    # The same sum in another order differs in its last bits; what is equal must count as equal.
    observed = abs(grouped.sums.sum()) * (1 - 1e-12)

    def as_large(signs: F64) -> int:
        return int(np.count_nonzero(np.abs(signs @ grouped.sums) >= observed))

    if 2**count <= flips:
        return as_large(_all_signs(count)) / (1 << count)
    generator = np.random.default_rng(seed)
    found = 0
    for rows in portions(flips, count):
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
    return Clusters.of(base, tuned, clusters).standard_error


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
