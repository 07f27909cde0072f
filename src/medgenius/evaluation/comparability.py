"""Which measures of two evaluations can be set side by side: those that were asked in the same way."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from medgenius.config.evaluation import MetricName
from medgenius.evaluation.records import Record, Score
from medgenius.evaluation.registry import MEASURES, METRICS
from medgenius.files import Json
from medgenius.runs import Run

_CANARIES: Final = frozenset({"canary_exposure", "canary_exposure_fitted"})
_OF_ANSWERS: Final = frozenset(
    measure.name for metric in METRICS.values() if metric.scorer is not None for measure in metric.measures
)
_CONFIDENCE: Final = "choices_confidence"
"""A score without a line of its own, of which the calibration error is made."""


def _names(metric: MetricName) -> frozenset[str]:
    return frozenset(measure.name for measure in METRICS[metric].measures)


_TOUCHES: Final[Mapping[str, frozenset[str]]] = {
    "max_new_tokens": _OF_ANSWERS - _CANARIES,
    "choices_form": _names("choices") | _names("calibration") | {_CONFIDENCE},
    "judge": _names("judge"),
    "empathy": _names("empathy"),
    "canary_candidates": _CANARIES,
}
"""Settings in the header of evaluation.jsonl, and the scores that depend on them."""
_LOSS: Final = frozenset({"loss", "perplexity"})
_COUNTED_IN_TOKENS: Final = _LOSS | {"answer_tokens", "cut_rate", "training_span"}
"""Scores whose unit is the token."""
_STATE_OF_USE: Final = ("padding", "truncation")
"""Of tokenizer.json: what its last use has left in it."""
_MADE_OF: Final = {"perplexity": "loss", "choices_ece": _CONFIDENCE}
"""Measures that are no score of an item, and the score that they are made of."""
_ASKED_IN: Final = ("prompt.", "data.default_instruction")
"""Settings of a run in whose words it is asked."""


@dataclass(frozen=True, slots=True)
class Apart:
    """Scores that can't be compared, and why."""

    why: str
    scores: frozenset[str]

    def measures(self, measured: Collection[str]) -> list[str]:
        """Those that could have been compared otherwise.

        Args:
            measured: scores that both have of some item
        """
        return [name for name in MEASURES if name in self.scores and _MADE_OF.get(name, name) in measured]


def asked_otherwise(first: Mapping[str, Json], other: Mapping[str, Json]) -> Iterator[Apart]:
    """
    Args:
        first: the header of its evaluation.jsonl
        other: likewise
    """
    here, there = (_settings(header) for header in (first, other))
    for key, scores in _TOUCHES.items():
        if here.get(key) != there.get(key):
            yield Apart(f"{_label(key)} is another", scores)


def made_otherwise(
    first: Mapping[str, Json], other: Mapping[str, Json], settings: Mapping[str, Json], its: Mapping[str, Json]
) -> Iterator[str]:
    """What belongs to a system and tells it from another, beside the model itself: it is compared, and named.

    Args:
        first: the header of its evaluation.jsonl
        other: likewise
        settings: of the first run, under dotted keys
        its: likewise
    """
    here, there = (_settings(header) for header in (first, other))
    if here.get("system") == there.get("system") == "rag" and here.get("retrieved") != there.get("retrieved"):
        yield f"evaluation.retrieved is {there.get('retrieved')}, not {here.get('retrieved')}"
    keys = [key for key in its if key.startswith(_ASKED_IN) and its[key] != settings.get(key)]
    if keys:
        yield f"each is asked in its own words, which differ: {', '.join(keys)}"


def other_tokens(first: Run, other: Run) -> Apart | None:
    """Of runs whose models split a text otherwise: what is counted in tokens, or by the token, is no pair."""
    here, there = _tokenizer(first), _tokenizer(other)
    if here is None or there is None:
        return Apart("a tokenizer.json beside their adapters can't be read", _COUNTED_IN_TOKENS)
    return None if here == there else Apart("the tokenizer is another", _COUNTED_IN_TOKENS)


def _tokenizer(run: Run) -> Mapping[str, Json] | None:
    try:
        found = json.loads((run.adapter / "tokenizer.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict):
        return None
    return {key: value for key, value in found.items() if key not in _STATE_OF_USE}


def other_targets(first: Mapping[str, Score], other: Record) -> Apart | None:
    """Of an item whose reference answer has other target tokens in the two runs: its losses are no pair."""
    loss, its = first.get("loss"), other.scores.get("loss")
    if loss is None or its is None or loss["weight"] == its["weight"]:
        return None
    return Apart("the reference answers have other tokens (tokenizer or data.max_length)", _LOSS)


def system_of(header: Mapping[str, Json]) -> str:
    """What was measured as `tuned`, where that is no tuned model; else nothing."""
    return " (base + retrieval)" if _settings(header).get("system") == "rag" else ""


def _settings(header: Mapping[str, Json]) -> Mapping[str, Json]:
    found = header.get("settings")
    return found if isinstance(found, Mapping) else {}


def _label(key: str) -> str:
    return "the empathy classifier" if key == "empathy" else f"evaluation.{key.replace('choices_form', 'choices.form')}"
