"""Records to columns of numbers: what the statistics need of each measure, and no text."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from medgenius.evaluation.measures import Measure
from medgenius.evaluation.records import Record, Score


@dataclass(slots=True)
class Column:
    """One measure over the items that have it, in both systems: some 30 bytes an item."""

    base: "array[float]" = field(default_factory=lambda: array("d"))
    tuned: "array[float]" = field(default_factory=lambda: array("d"))
    weights: "array[float]" = field(default_factory=lambda: array("d"))
    clusters: list[str] = field(default_factory=list)
    """Set and cluster of each item"""
    unparsed_base: int = 0
    unparsed_tuned: int = 0

    def add(self, score: Score, unparsed_is: float | None, cluster: str) -> None:
        self.unparsed_base += score["base"] is None
        self.unparsed_tuned += score["tuned"] is None
        base = unparsed_is if score["base"] is None else score["base"]
        tuned = unparsed_is if score["tuned"] is None else score["tuned"]
        if base is None or tuned is None:
            return  # a pair with a half is no pair
        self.base.append(base)
        self.tuned.append(tuned)
        self.weights.append(score["weight"])
        self.clusters.append(cluster)

    @property
    def unparsed(self) -> int:
        """Items that could not be read of at least one system are counted once for each."""
        return self.unparsed_base + self.unparsed_tuned

    def __len__(self) -> int:
        return len(self.base)


@dataclass(slots=True)
class Columns:
    """All measures of one evaluation."""

    of: dict[str, Column] = field(default_factory=lambda: defaultdict(Column))
    """By the name of the score"""
    by_category: dict[str, dict[str, Column]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Column)))
    """By the name of the score, then by category"""
    items: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Records of each set"""
    answered: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def columns_of(records: Iterable[Record], measures: Mapping[str, Measure]) -> Columns:
    """Read all records once."""
    columns = Columns()
    for record in records:
        columns.items[record.set] += 1
        columns.answered[record.set] += record.base is not None
        cluster = f"{record.set} {record.cluster}"
        for name, score in record.scores.items():
            unparsed_is = measures[name].unparsed_is if name in measures else None
            columns.of[name].add(score, unparsed_is, cluster)
            if record.category:
                columns.by_category[name][record.category].add(score, unparsed_is, cluster)
    return columns


def linearised(column: Column) -> tuple[list[float], list[float]]:
    """Values whose plain mean is the weighted mean of the column, item by item.

    A weighted mean R = sum(w y) / sum(w) is a ratio whose denominator is drawn as well when items are. Its bootstrap is
    that of the mean of R + w (y - R) / mean(w), to first order (Taylor linearisation: Woodruff, 1971).
    """
    mean_weight = sum(column.weights) / len(column)

    def values(scores: "array[float]") -> Iterator[float]:
        ratio = weighted_mean(scores, column.weights)
        for value, weight in zip(scores, column.weights, strict=True):
            yield ratio + weight * (value - ratio) / mean_weight

    return list(values(column.base)), list(values(column.tuned))


def weighted_mean(values: "array[float]", weights: "array[float]") -> float:
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)
