"""Whether a model is right as often as it is sure: expected calibration error and Brier score on choices."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

BINS: Final = 15


@dataclass(frozen=True, slots=True)
class Bin:
    """Items whose confidence lies in [low, high); the last bin holds 1 as well."""

    low: float
    high: float
    count: int
    confidence: float
    """Mean over its items, 0 for none"""
    accuracy: float
    """Mean over its items, 0 for none"""


def softmax(scores: Sequence[float]) -> tuple[float, ...]:
    """Probabilities of the choices among themselves, from their log-likelihoods."""
    highest = max(scores)
    weights = [math.exp(score - highest) for score in scores]
    return tuple(weight / sum(weights) for weight in weights)


def reliability(confidences: Sequence[float], correct: Sequence[bool], bins: int = BINS) -> tuple[Bin, ...]:
    """Bins of equal width from 0 to 1, empty ones too: the reliability diagram.

    Args:
        confidences: the probability of the picked choice, 0 to 1

    Raises:
        ValueError: not the same number of both, none, or a confidence that is no probability.
    """
    if len(confidences) != len(correct) or not confidences:
        raise ValueError(f"{len(confidences)} confidences and {len(correct)} answers")
    sure = np.asarray(confidences, dtype=np.float64)
    if not ((sure >= 0) & (sure <= 1)).all():
        raise ValueError("a confidence outside of 0 to 1")
    edges = np.linspace(0, 1, bins + 1)
    places = np.minimum(np.searchsorted(edges, sure, side="right") - 1, bins - 1)
    counts = np.bincount(places, minlength=bins)
    some = np.maximum(counts, 1)
    confidence = np.bincount(places, weights=sure, minlength=bins) / some
    accuracy = np.bincount(places, weights=np.asarray(correct, dtype=np.float64), minlength=bins) / some
    return tuple(
        Bin(float(edges[i]), float(edges[i + 1]), int(counts[i]), float(confidence[i]), float(accuracy[i]))
        for i in range(bins)
    )


def ece(confidences: Sequence[float], correct: Sequence[bool], bins: int = BINS) -> float:
    """Expected calibration error: mean |accuracy - confidence| of the bins, by their items (Guo et al., 2017)."""
    return math.fsum(
        part.count / len(confidences) * abs(part.accuracy - part.confidence)
        for part in reliability(confidences, correct, bins)
    )


def brier(probabilities: Sequence[float], answer: int) -> float:
    """Of one item: squared distance between the choices' probabilities and the truth, 0 to 2 (Brier, 1950)."""
    return math.fsum((p - (place == answer)) ** 2 for place, p in enumerate(probabilities))
