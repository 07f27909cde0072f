"""The evaluation of a run, as far as it is one of the model that is published."""

from collections.abc import Mapping

from medgenius.errors import RunError
from medgenius.evaluation.header import adapter_digest
from medgenius.evaluation.records import read_header
from medgenius.publishing.parts import Part
from medgenius.runs import Run


class Metric(Part):
    """One line of evaluation.json: base against tuned on the same items."""

    base: float | None
    tuned: float | None
    difference: float | None
    low: float | None
    high: float | None
    n: int
    unparsed: int


class Evaluation(Part):
    """evaluation.json"""

    system: str
    """What stands there as tuned: model, or rag for the base model with retrieval"""
    metrics: dict[str, Metric]
    caveats: list[str]
    """What must stand beside the numbers"""
    not_measured: dict[str, str]
    """Metrics that were asked for, with what they lack"""


def not_evaluated(run: Run, found: Evaluation | None) -> str | None:
    """Why the numbers that were found are none of the run's model; None where they are its own."""
    if found is None:
        return "it was not evaluated: medgenius evaluate run=… first"
    if found.system != "model":
        return f"what was evaluated is evaluation.system={found.system}, not its model: medgenius evaluate run=… anew"
    if _measured_adapter(run) != adapter_digest(run):
        return "what was evaluated is another adapter, or has no records: medgenius evaluate run=… anew"
    return None


def _measured_adapter(run: Run) -> object:
    """Digest of the adapter that the records are of; None where they do not tell."""
    try:
        of = read_header(run.evaluation.records).get("run")
    except RunError:
        return None
    return of.get("adapter") if isinstance(of, Mapping) else None
