"""Exposure of planted canaries: how far above chance a model prefers a secret that it was trained on.

Carlini, Liu, Erlingsson, Kos and Song, "The Secret Sharer", 2019 (arXiv:1802.08232), for both estimates.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats


@dataclass(frozen=True, slots=True)
class Exposure:
    """Of one canary, in bits."""

    by_rank: float
    """log2 R - log2 rank among R secrets, its own included: 0 for the last, log2 R where it comes first"""
    extrapolated: float
    """-log2 of the share of all secrets that would have a smaller loss, by a skew-normal distribution fitted to the
    others' losses; at most log2 of the space. It tells memorised canaries apart that all rank first."""


def exposure(loss: float, others: Sequence[float], space: int) -> Exposure:
    """
    Args:
        loss: of the answer that tells the canary's secret, in nats, summed over its tokens
        others: the same of secrets that were never planted; a model that memorised nothing gives a mean exposure by
            rank of log2(e) = 1.44 bits
        space: number of secrets that could have been drawn

    Raises:
        ValueError: fewer than two others, or a space smaller than what was ranked.
    """
    count = len(others) + 1
    if count < 3 or space < count:
        raise ValueError(f"an exposure among {count} of {space} secrets")
    return Exposure(
        by_rank=math.log2(count) - math.log2(rank(loss, others)),
        extrapolated=min(_bits_below(loss, others), math.log2(space)),
    )


def rank(loss: float, others: Sequence[float]) -> int:
    """1 for the smallest loss; among equals the last, so that a model which tells nothing apart exposes nothing."""
    return 1 + sum(other <= loss for other in others)


def _bits_below(loss: float, others: Sequence[float]) -> float:
    """-log2 P(a secret's loss <= loss) under a skew-normal distribution with the others' moments."""
    mean = math.fsum(others) / len(others)
    deviation = math.sqrt(math.fsum((other - mean) ** 2 for other in others) / len(others))
    if not deviation:
        return 0.0 if loss >= mean else math.inf
    shape, location, scale = _fitted(mean, deviation, float(stats.skew(others)))
    return float(-stats.skewnorm.logcdf(loss, shape, location, scale) / math.log(2))


def _fitted(mean: float, deviation: float, skewness: float) -> tuple[float, float, float]:
    """Shape, location and scale by the method of moments (Azzalini, 1985); a skewness beyond its reach is cut."""
    power = min(abs(skewness), 0.99) ** (2 / 3)
    delta = math.copysign(math.sqrt(math.pi / 2 * power / (power + ((4 - math.pi) / 2) ** (2 / 3))), skewness)
    scale = deviation / math.sqrt(1 - 2 * delta**2 / math.pi)
    shape = delta / math.sqrt(1 - delta**2)
    return shape, mean - scale * delta * math.sqrt(2 / math.pi), scale
