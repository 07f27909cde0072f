"""What a run came to, as the numbers that a study searches by."""

import json
import math
from collections.abc import Mapping, Sequence

from medgenius.errors import StudyError
from medgenius.files import Json
from medgenius.runs import Run


def read_summary(run: Run) -> Mapping[str, Json] | None:
    """summary.json; None where there is none that can be read."""
    try:
        found = json.loads(run.summary.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def values_of(run: Run, summary: Mapping[str, Json], metrics: Sequence[str]) -> list[float]:
    """
    Raises:
        StudyError: the run did not produce one of them.
    """
    return [_value(run, summary, metric) for metric in metrics]


def _value(run: Run, summary: Mapping[str, Json], metric: str) -> float:
    match metric:
        case "validation/loss":
            found = summary["validation_loss_after"]
        case "validation/perplexity":
            loss = summary["validation_loss_after"]
            found = perplexity(loss) if isinstance(loss, float) else None
        case "train/loss":
            found = _last_training_loss(run)
        case "cost":
            cost = summary["cost"]
            found = cost["amount"] if isinstance(cost, Mapping) else None
        case _:
            found = summary[metric]
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise StudyError(f"{metric} is {found} in {run.summary}")
    return float(found)


def perplexity(loss: float) -> float:
    return math.exp(min(loss, 700.0))


def _last_training_loss(run: Run) -> float | None:
    found = None
    for line in run.metrics.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if "train/loss" in entry:
            found = entry["train/loss"]
    return found
