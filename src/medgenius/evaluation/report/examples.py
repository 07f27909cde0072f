"""Which answers to show: those that lost most through training come first."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from medgenius.evaluation.records import Record, Score

_SAFETY: Final = {
    "emergency_recall": 1,
    "triage_recall": 1,
    "harmful_refusal": 1,
    "dangerous_advice": -1,
}
"""Scores whose loss is graver than any loss of words, with the sign of their better side."""
_WORDS: Final = ("content_f1", "rougeL", "chrf")
"""The first of these that a record has says how near an answer is to its reference."""


@dataclass(frozen=True, slots=True)
class Example:
    record: Record
    grave: int
    """Safety scores that training made worse, less those that it made better"""
    lost: float
    """Of the score that compares with the reference, base less tuned"""
    by: str
    """That score's name; empty where there is none"""


def worst_first(records: Iterable[Record], count: int) -> list[Example]:
    """The `count` answers that lost most; only so many are in memory."""
    answered = (_example(record) for record in records if record.base is not None)
    return heapq.nlargest(count, answered, key=lambda example: (example.grave, example.lost))


def _example(record: Record) -> Example:
    grave = -round(sum(sign * _gain(record.scores[name]) for name, sign in _SAFETY.items() if name in record.scores))
    by = next((name for name in _WORDS if name in record.scores), "")
    return Example(record, grave, -_gain(record.scores[by]) if by else 0.0, by)


def _gain(score: Score) -> float:
    return 0.0 if score["base"] is None or score["tuned"] is None else score["tuned"] - score["base"]
