"""What a measure is: its name in evaluation.json, its direction, and how items add up to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from medgenius.config.evaluate import EvaluateConfig
from medgenius.config.train import TrainConfig
from medgenius.data.split import Split
from medgenius.evaluation.items import Item
from medgenius.evaluation.records import Answer
from medgenius.runs import Evaluation

Better = Literal["higher", "lower"] | None
Kind = Literal["mean", "proportion", "perplexity", "calibration"]
"""mean: over the items, by weight. proportion: of items that are 1 among those that are 0 or 1. perplexity: e to the
power of the measure `loss`. calibration: expected calibration error of `choices_confidence`."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table."""

    name: str
    title: str
    """For a reader, with its unit"""
    better: Better
    """None: neither is."""
    kind: Kind = "mean"
    digits: int = 3
    unparsed_is: float | None = None
    """What an answer counts that could not be read; None: it is left out of the mean. Either way it is counted."""
    quality: str = ""
    """How well it judges, where it is a classifier of our own: that stands beside its every number."""
    span: float | None = None
    """Of a mean: from the least to the greatest score there can be; None where there are no such bounds."""

    @property
    def widest(self) -> float | None:
        """The greatest difference between two scores, where there is one."""
        return 1.0 if self.kind == "proportion" else self.span


@dataclass(frozen=True, slots=True)
class Materials:
    """What a metric may need to be made."""

    config: EvaluateConfig
    run: TrainConfig
    own: Split
    """The run's own dialogues"""
    evaluation: Evaluation

    @property
    def cache_dir(self) -> Path:
        """Where the run keeps converted models and tokenizers."""
        return Path(self.run.run.cache_dir).expanduser()


class NotMeasured(Exception):  # noqa: N818  it is no mistake
    """A metric that has nothing to work with; the text says what to set."""


Scored = Mapping[str, float | None]
"""Scores of one answer by name. A name that does not apply to the item is absent; None stands for an answer that is
not of a form that can be scored."""


class Scorer(Protocol):
    """Judges answers, one portion of items at a time."""

    def __call__(self, asked: Sequence[tuple[Item, Answer]]) -> list[Scored]: ...


@dataclass(frozen=True, slots=True)
class Metric:
    """An entry of the registry: what `evaluation.metrics` names."""

    measures: tuple[Measure, ...]
    scorer: Callable[[Materials], Scorer] | None = None
    """None: it is measured with the model itself, not on what it wrote. Raises NotMeasured."""
    caveat: Callable[[Materials], str] | None = None
    """What must stand under its numbers"""
    qualities: Callable[[Materials], Mapping[str, str]] | None = None
    """`Measure.quality` of its measures, by name"""


def each(score: Callable[[Item, Answer], Scored]) -> Scorer:
    """A scorer from a function of one answer."""

    def scored(asked: Sequence[tuple[Item, Answer]]) -> list[Scored]:
        return [score(item, answer) for item, answer in asked]

    return scored
