"""evaluation.json: every measure of both systems, their paired difference, and how sure it is."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from medgenius.evaluation.columns import Column, Columns, linearised, weighted_mean
from medgenius.evaluation.measures import Measure
from medgenius.evaluation.metrics.calibration import BINS, ece
from medgenius.evaluation.statistics import (
    CONFIDENCE,
    holm,
    mcnemar,
    minimum_detectable_effect,
    paired_bootstrap,
    sign_flip_test,
)

_CONFIDENCE_SCORE: Final = "choices_confidence"
_ACCURACY_SCORE: Final = "choices_accuracy"
_AT_ONCE: Final = 2_000_000
"""Numbers in memory while resampling."""

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Compared:
    """A line of `metrics`: the names that other tools rely on."""

    base: float
    tuned: float
    difference: float
    """tuned - base"""
    low: float
    """Of the difference: its 95 % interval"""
    high: float
    n: int
    """Items"""
    unparsed: int
    """Answers, of either system, that were not of a form that can be scored"""


@dataclass(frozen=True, slots=True)
class Certainty:
    """A line of `statistics`."""

    better: str | None
    """higher, lower, or null where neither is"""
    p: float | None
    """Two-sided, of no difference. McNemar's exact test for proportions of independent items, else the paired
    randomisation test; null where another line of the family says the same."""
    p_adjusted: float | None
    """Holm, over all lines that have a p"""
    minimum_detectable_effect: float | None
    """The true difference that so many items show in 80 of 100 studies"""
    clusters: int
    """Of near-duplicate items, each of which counts as one"""


@dataclass(frozen=True, slots=True)
class CategoryLine:
    """The loss within one medical category."""

    base: float
    tuned: float
    n: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything computed from the records."""

    metrics: dict[str, Compared]
    statistics: dict[str, Certainty]
    categories: dict[str, CategoryLine]
    """Of the loss; by category, the one of most items first"""

    def verdict(self, name: str) -> str:
        """better, worse, other, or unclear: what the adjusted p allows to say at the usual 5 %.

        Without a p of its own a measure is judged by its interval.
        """
        line, certainty = self.metrics[name], self.statistics[name]
        sure = certainty.p_adjusted < 1 - CONFIDENCE if certainty.p_adjusted is not None else line.low * line.high > 0
        if not sure or not line.difference:
            return "unclear"
        if certainty.better is None:
            return "other"
        return "better" if (line.difference > 0) == (certainty.better == "higher") else "worse"


@dataclass(frozen=True, slots=True)
class _Line:
    """A measure before the family of all measures is known."""

    compared: Compared
    p: float | None
    minimum_detectable_effect: float | None
    clusters: int


def compare(columns: Columns, measures: Mapping[str, Measure], resamples: int, seed: int) -> Comparison:
    """Every measure that has items, in the order of `measures`."""
    lines: dict[str, _Line] = {}
    for name, measure in measures.items():
        line = _line(measure, columns, resamples, seed)
        if line is not None:
            lines[name] = line
    tested = {name: line.p for name, line in lines.items() if line.p is not None}
    adjusted = dict(zip(tested, holm(list(tested.values())), strict=True))
    certainties = {
        name: Certainty(
            better=measures[name].better,
            p=line.p,
            p_adjusted=adjusted.get(name),
            minimum_detectable_effect=line.minimum_detectable_effect,
            clusters=line.clusters,
        )
        for name, line in lines.items()
    }
    return Comparison({name: line.compared for name, line in lines.items()}, certainties, _categories(columns))


def _line(measure: Measure, columns: Columns, resamples: int, seed: int) -> _Line | None:
    match measure.kind:
        case "perplexity":
            return _perplexity(columns.of.get("loss"), resamples, seed)
        case "calibration":
            return _calibration(columns.of.get(_CONFIDENCE_SCORE), columns.of.get(_ACCURACY_SCORE), resamples, seed)
        case _:
            return _mean(columns.of.get(measure.name), resamples, seed, proportion=measure.kind == "proportion")


def _mean(column: Column | None, resamples: int, seed: int, *, proportion: bool) -> _Line | None:
    if not column:
        return None
    base, tuned = linearised(column)
    interval = paired_bootstrap(base, tuned, column.clusters, resamples, seed)
    clusters = len(set(column.clusters))
    if proportion and clusters == len(column):
        only_base = sum(b > t for b, t in zip(base, tuned, strict=True))
        only_tuned = sum(t > b for b, t in zip(base, tuned, strict=True))
        p = mcnemar(only_base, only_tuned)
    else:
        p = sign_flip_test(base, tuned, column.clusters, resamples, seed)
    compared = Compared(
        base=weighted_mean(column.base, column.weights),
        tuned=weighted_mean(column.tuned, column.weights),
        difference=interval.difference,
        low=interval.low,
        high=interval.high,
        n=len(column),
        unparsed=column.unparsed,
    )
    return _Line(compared, p, _finite(minimum_detectable_effect(base, tuned, column.clusters)), clusters)


def _perplexity(loss: Column | None, resamples: int, seed: int) -> _Line | None:
    """e to the loss. Its interval is that of its first-order change with each item (the delta method)."""
    if not loss:
        return None
    base, tuned = (math.exp(weighted_mean(side, loss.weights)) for side in (loss.base, loss.tuned))

    def changes(values: Sequence[float], perplexity: float) -> list[float]:
        return [perplexity * (1 + value - math.log(perplexity)) for value in values]

    by_base, by_tuned = linearised(loss)
    shown = changes(by_base, base), changes(by_tuned, tuned)
    interval = paired_bootstrap(*shown, loss.clusters, resamples, seed)
    compared = Compared(base, tuned, tuned - base, interval.low, interval.high, len(loss), loss.unparsed)
    effect = _finite(minimum_detectable_effect(*shown, loss.clusters))
    return _Line(compared, None, effect, len(set(loss.clusters)))  # its p is that of the loss


def _calibration(confidence: Column | None, accuracy: Column | None, resamples: int, seed: int) -> _Line | None:
    """Expected calibration error. It is no mean over items, so whole sets of items are drawn: percentile interval."""
    if not confidence or not accuracy:
        return None
    base, tuned = (
        _gaps(sure, right) for sure, right in ((confidence.base, accuracy.base), (confidence.tuned, accuracy.tuned))
    )
    differences = _resampled_ece(base, tuned, confidence.clusters, resamples, seed)
    low, high = np.percentile(differences, [100 * (1 - CONFIDENCE) / 2, 100 * (1 + CONFIDENCE) / 2])
    errors = [
        ece(list(sure), [bool(one) for one in right])
        for sure, right in ((confidence.base, accuracy.base), (confidence.tuned, accuracy.tuned))
    ]
    compared = Compared(*errors, errors[1] - errors[0], float(low), float(high), len(confidence), confidence.unparsed)
    return _Line(compared, None, None, len(set(confidence.clusters)))


def _gaps(confidences: Sequence[float], correct: Sequence[float]) -> F64:
    """(n, BINS) confidence less correctness of each item, in the column of its bin."""
    sure = np.asarray(confidences)
    bins = np.minimum(np.searchsorted(np.linspace(0, 1, BINS + 1), sure, side="right") - 1, BINS - 1)
    gaps = np.zeros((len(sure), BINS))
    gaps[np.arange(len(sure)), bins] = sure - np.asarray(correct)
    return gaps


def _resampled_ece(base: F64, tuned: F64, clusters: Sequence[str], resamples: int, seed: int) -> F64:
    """(resamples,) difference of the errors, with whole clusters drawn."""
    _, places = np.unique(np.asarray(clusters), return_inverse=True)
    count = int(places.max()) + 1
    sizes = np.bincount(places).astype(np.float64)
    summed = [
        np.stack([np.bincount(places, weights=gaps[:, bin_]) for bin_ in range(BINS)], axis=1) for gaps in (base, tuned)
    ]
    generator = np.random.default_rng(seed)
    portion = max(1, _AT_ONCE // count)
    found: list[F64] = []
    for start in range(0, resamples, portion):
        rows = min(portion, resamples - start)
        times = generator.multinomial(count, np.full(count, 1 / count), size=rows).astype(np.float64)
        one, other = (np.abs(times @ gaps).sum(axis=1) / (times @ sizes) for gaps in summed)
        found.append(other - one)
    return np.concatenate(found)


def _categories(columns: Columns) -> dict[str, CategoryLine]:
    found = columns.by_category["loss"]
    lines = {
        category: CategoryLine(
            weighted_mean(column.base, column.weights), weighted_mean(column.tuned, column.weights), len(column)
        )
        for category, column in found.items()
        if column
    }
    return dict(sorted(lines.items(), key=lambda line: (-line[1].n, line[0])))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
