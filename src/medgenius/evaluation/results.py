"""evaluation.json: every measure of both systems, their paired difference, and how sure it is."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

from medgenius.evaluation.columns import Column, Columns, linearised, weighted_mean
from medgenius.evaluation.intervals import Interval, paired_interval
from medgenius.evaluation.measures import Measure
from medgenius.evaluation.metrics.calibration import ece
from medgenius.evaluation.paired import CONFIDENCE
from medgenius.evaluation.significance import holm, mcnemar, minimum_detectable_effect, sign_flip_test, standard_error

_CONFIDENCE_SCORE: Final = "choices_confidence"
_ACCURACY_SCORE: Final = "choices_accuracy"
_ROUNDING: Final = 1e-12
"""Of a score's span: means of equal differences over clusters of unequal sizes are equal but for so much."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A line of `metrics`: the names that other tools rely on."""

    base: float
    tuned: float
    difference: float
    """tuned - base"""
    low: float | None
    """Of the difference: its 95 % interval; null where the items do not tell"""
    high: float | None
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
    """Two-sided, of no difference: McNemar's exact test for proportions of independent items, else the paired
    randomisation test. That of the perplexity is the loss's; null where neither side is better."""
    p_adjusted: float | None
    """Holm, over the lines that have a p of their own"""
    minimum_detectable_effect: float | None
    """The true difference that so many items show in 80 of 100 studies; null where none would be shown"""
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

        A measure of which neither side is better is judged by its interval.
        """
        line, certainty = self.metrics[name], self.statistics[name]
        if certainty.p_adjusted is None:
            return "other" if line.low is not None and line.high is not None and line.low * line.high > 0 else "unclear"
        if certainty.p_adjusted >= 1 - CONFIDENCE or not line.difference:
            return "unclear"
        return "better" if (line.difference > 0) == (certainty.better == "higher") else "worse"


@dataclass(frozen=True, slots=True)
class _Line:
    """A measure before the family of all measures is known."""

    compared: Compared
    p: float | None
    error: float | None
    """Of the difference: its standard error"""
    clusters: int

    def detectable(self, family: int) -> float | None:
        effect = math.inf if self.error is None else minimum_detectable_effect(self.error, self.clusters, family)
        return effect if math.isfinite(effect) and effect > 0 else None  # 0: nothing is known of how they vary


def compare(columns: Columns, measures: Mapping[str, Measure], resamples: int, seed: int) -> Comparison:
    """Every measure that has items, in the order of `measures`."""
    lines: dict[str, _Line] = {}
    for name, measure in measures.items():
        line = _line(measure, columns, resamples, seed)
        if line is not None:
            lines[name] = line
    tested = {
        name: line.p
        for name, line in lines.items()
        if line.p is not None and measures[name].better and measures[name].kind != "perplexity"
    }
    adjusted = dict(zip(tested, holm(list(tested.values())), strict=True))
    if "perplexity" in lines and "loss" in adjusted:
        adjusted["perplexity"] = adjusted["loss"]
    certainties = {
        name: Certainty(
            better=measures[name].better,
            p=line.p if name in adjusted else None,
            p_adjusted=adjusted.get(name),
            minimum_detectable_effect=line.detectable(len(tested) if name in adjusted else 1),
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
            return _calibration(columns.of.get(_CONFIDENCE_SCORE), columns.of.get(_ACCURACY_SCORE))
        case _:
            return _mean(columns.of.get(measure.name), measure, resamples, seed)


def _mean(column: Column | None, measure: Measure, resamples: int, seed: int) -> _Line | None:
    if not column:
        return None
    base, tuned = linearised(column)
    interval = paired_interval(base, tuned, column.clusters, resamples, seed)
    clusters = len(set(column.clusters))
    if measure.widest is not None:
        interval = _within(interval, clusters, measure.widest)
    if measure.kind == "proportion" and clusters == len(column):
        only_base = sum(b > t for b, t in zip(base, tuned, strict=True))
        only_tuned = sum(t > b for b, t in zip(base, tuned, strict=True))
        p = mcnemar(only_base, only_tuned)
    else:
        p = sign_flip_test(base, tuned, column.clusters, seed=seed)
    shown = weighted_mean(column.base, column.weights), weighted_mean(column.tuned, column.weights)
    error = standard_error(base, tuned, column.clusters)
    return _Line(_compared(column, shown, interval), p, error, clusters)


def _compared(column: Column, shown: tuple[float, float], interval: Interval) -> Compared:
    known = math.isfinite(interval.low)
    return Compared(
        base=shown[0],
        tuned=shown[1],
        difference=shown[1] - shown[0],
        low=interval.low if known else None,
        high=interval.high if known else None,
        n=len(column),
        unparsed=column.unparsed,
    )


def _within(interval: Interval, clusters: int, widest: float) -> Interval:
    """The interval of a score with bounds, which no difference can leave."""
    if clusters == 1 or interval.high - interval.low <= _ROUNDING * widest:
        return of_alike_pairs(interval.difference, clusters, widest)
    return Interval(interval.difference, max(-widest, interval.low), min(widest, interval.high))


def of_alike_pairs(difference: float, n: int, widest: float) -> Interval:
    """The interval where all pairs differ alike, which a bootstrap takes for certainty.

    That none of 13 answers differs does not show that none ever would. Bonett and Price, 2012, for proportions: one
    pair of either kind more is taken to have been seen. Of a score within bounds, one pair either way that differs as
    widely as any can.

    Args:
        n: pairs, or clusters of them
        widest: the greatest difference that there can be
    """
    mean = n * difference / (n + 2)
    variance = (n * difference**2 + 2 * widest**2) / (n + 2) - mean**2
    reach = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * math.sqrt(variance / (n + 2))
    low, high = max(-widest, mean - reach), min(widest, mean + reach)
    return Interval(difference, min(low, difference), max(high, difference))


def _perplexity(loss: Column | None, resamples: int, seed: int) -> _Line | None:
    """e to the loss. Its interval is that of its first-order change with each item (the delta method)."""
    if not loss:
        return None
    base, tuned = (math.exp(weighted_mean(side, loss.weights)) for side in (loss.base, loss.tuned))

    def changes(values: Sequence[float], perplexity: float) -> list[float]:
        return [perplexity * (1 + value - math.log(perplexity)) for value in values]

    by_base, by_tuned = linearised(loss)
    shown = changes(by_base, base), changes(by_tuned, tuned)
    interval = paired_interval(*shown, loss.clusters, resamples, seed)
    error = standard_error(*shown, loss.clusters)
    p = sign_flip_test(by_base, by_tuned, loss.clusters, seed=seed)  # of the loss
    return _Line(_compared(loss, (base, tuned), interval), p, error, len(set(loss.clusters)))


def _calibration(confidence: Column | None, accuracy: Column | None) -> _Line | None:
    """Expected calibration error: both figures alone, with neither interval nor test.

    It is too high by what chance leaves in each bin, so by more for the system whose answers fall into more of them
    (Kumar, Liang and Ma, 2019), and resampling adds the same once more. The Brier score has an interval and a test.
    """
    if not confidence or not accuracy:
        return None
    sides = (confidence.base, accuracy.base), (confidence.tuned, accuracy.tuned)
    base, tuned = (ece(list(sure), [bool(one) for one in right]) for sure, right in sides)
    nothing = Interval(tuned - base, -math.inf, math.inf)
    return _Line(_compared(confidence, (base, tuned), nothing), None, None, len(set(confidence.clusters)))


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
