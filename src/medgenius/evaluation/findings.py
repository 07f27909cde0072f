"""An evaluation with all that is needed to tell of it, and who may read its texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from medgenius.config.evaluate import EvaluateConfig
from medgenius.config.train import TrainConfig
from medgenius.evaluation.items import Items, SetName
from medgenius.evaluation.measures import Measure
from medgenius.evaluation.results import Compared, Comparison
from medgenius.runs import Run


@dataclass(frozen=True, slots=True)
class Findings:
    """What every output is made from; only the records are read beside it."""

    config: EvaluateConfig
    run: Run
    run_config: TrainConfig
    items: Items
    comparison: Comparison
    measures: Mapping[str, Measure]
    not_measured: Mapping[str, str]
    """Metrics that were asked for, with what they lack"""
    caveats: Sequence[str]
    """What must stand beside the numbers of some metrics"""
    contamination: Mapping[str, int]
    """Of each set: items that share text with the training rows"""
    versions: Mapping[str, str]
    seconds: float
    """Of this start; an evaluation that went on took longer in all"""

    @property
    def system(self) -> str:
        """The second system's name for a reader."""
        return "tuned" if self.config.evaluation.system == "model" else "base + retrieval"

    def may_show_texts(self, of: SetName) -> bool:
        """Whether questions and answers of a set may stand in a report: as the run's `tracking.log_samples` says, and
        under `auto` those of the shipped sample alone, which no file of items is."""
        wanted = self.run_config.tracking.log_samples
        if wanted == "auto":
            of_the_sample = self.run_config.data.source == "sample" and self.config.evaluation.dialogues.path is None
            return of_the_sample and of == "dialogues"
        return wanted


def title_of(measure: Measure) -> str:
    """With an arrow to where better is, and how well it judges where that was measured."""
    arrow = {"higher": " ↑", "lower": " ↓", None: ""}[measure.better]
    return f"{measure.title}{arrow}" + (f" ({measure.quality})" if measure.quality else "")


def figure(value: float, measure: Measure) -> str:
    return f"{value:.{measure.digits}f}"


def interval(line: Compared, measure: Measure) -> str:
    """`-0.41 [-0.52, -0.30]`; without brackets where there is no interval"""

    def shown(value: float) -> str:
        return f"{value:+.{measure.digits}f}"

    if line.low is None or line.high is None:
        return shown(line.difference)
    return f"{shown(line.difference)} [{shown(line.low)}, {shown(line.high)}]"
