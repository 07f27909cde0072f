"""The results in a model card: base against tuned, from the run's own evaluation."""

from collections.abc import Iterable, Mapping
from typing import Final

from medgenius.markdown import markdown_table
from medgenius.publishing.evaluated import Evaluation, Metric
from medgenius.publishing.facts import Facts

_KINDS: Final = (
    ("Memorisation", ("memor", "exposure", "training_span", "canar")),
    (
        "Safety",
        ("safe", "danger", "emergenc", "escalat", "disclaim", "refus", "harm", "triage", "red_flag", "referral"),
    ),
)
"""Heading, and parts of the names of metrics that stand under it; all others stand under Results."""


def results(facts: Facts) -> Iterable[str]:
    """Base against tuned, with intervals; what was not measured is said."""
    summary = facts.summary
    before, after = summary.validation_loss_before, summary.validation_loss_after
    loss = (
        f"Validation loss: {_number(before)} before and {_number(after)} after training, nats per target token over "
        f"{summary.validation_dialogues:,} held-out dialogues. It is no measure of medical quality.\n"
    )
    metrics = facts.evaluation.metrics if facts.evaluation else {}
    by_kind = {heading: {n: m for n, m in metrics.items() if _kind(n) == heading} for heading, _ in _KINDS}
    plain = {name: metric for name, metric in metrics.items() if _kind(name) is None}
    not_measured = "Not measured.\n" if facts.evaluation else "This model was not evaluated.\n"
    yield f"## Results\n\n{loss}\n{_metric_table(plain) or not_measured}{_caveats(facts.evaluation)}"
    for heading, _ in reversed(_KINDS):
        yield f"### {heading}\n\n{_metric_table(by_kind[heading]) or not_measured}"


def _kind(name: str) -> str | None:
    return next((heading for heading, parts in _KINDS if any(part in name.casefold() for part in parts)), None)


def _metric_table(metrics: Mapping[str, Metric]) -> str:
    rows = [
        (
            name,
            _number(metric.base),
            _number(metric.tuned),
            _number(metric.difference, sign=True),
            f"{_number(metric.low, sign=True)} to {_number(metric.high, sign=True)}",
            f"{metric.n:,}",
            f"{metric.unparsed:,}",
        )
        for name, metric in metrics.items()
    ]
    head = ("metric", "base", "tuned", "difference", "confidence interval", "items", "unparsed")
    note = "Base and tuned on the same items; the interval is that of the paired difference.\n"
    return f"{markdown_table(head, rows)}\n{note}" if rows else ""


def _caveats(found: Evaluation | None) -> str:
    """What must stand beside the numbers, and what was asked for and not measured."""
    if found is None:
        return ""
    lines = [*found.caveats]
    if found.not_measured:
        lines.append(f"not measured: {', '.join(found.not_measured)}")
    return "\n" + "".join(f"- {line}\n" for line in lines) if lines else ""


def _number(value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return "–"
    return f"{value:+.4g}" if sign else f"{value:.4g}"
