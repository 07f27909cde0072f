"""Category and urgency of each row, from what its question and answer speak of."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.resources import files

from medgenius.categories import CATEGORIES, Urgency
from medgenius.config.curation.category import CategoryConfig
from medgenius.curation import lexicon
from medgenius.curation.evidence import Evidence, words
from medgenius.curation.row import Rejection, Row
from medgenius.safety import assess

_SHARPNESS = 0.35
"""Most likely on the even-numbered dialogues of the sample: experiments/curation/category.md."""
_SOMEBODY = re.compile(
    r"\b(?:i|i'm|i've|im|ive|my|me|we|our|he|she|his|her|him|he's|she's|mum|dad|son|daughter)\b", re.I
)
_ASKS_FOR_FACTS = re.compile(
    r"^\W*(?:what|who|which|how|why|is|are|does|do|can|when|where|should|write|describe|explain|provide|create)\b", re.I
)
_ENOUGH_FOR_URGENT = 2
_WEIGHT_OF_ROUTINE = 0.5
_LAST_TURNS = 600
"""Characters of a long question (a consultation) that tell urgent from routine; an emergency may stand anywhere."""


def tells_of_emergency(question: str) -> bool:
    return assess(question).emergency


class Category:
    """Urgency is that of the question: an answer names warning signs whatever the question."""

    name = "category"

    def __init__(self, config: CategoryConfig, is_emergency: Callable[[str], bool] = tells_of_emergency) -> None:
        """`is_emergency`: whether a question tells of an emergency; nothing else makes one."""
        self._config = config
        self._is_emergency = is_emergency
        sample = (files("medgenius") / "data" / "sample" / "dialogues.jsonl").read_text(encoding="utf-8")
        dialogues = [json.loads(line) for line in sample.splitlines()]
        phrases = dict(line.split("\t") for line in lexicon.lines("categories.tsv"))
        self._evidence = Evidence(
            {category: phrases[category].split("; ") for category in CATEGORIES},
            (f"{dialogue['input']}\n{dialogue['output']}" for dialogue in dialogues),
            _SHARPNESS,
        )
        self._cues = {line.split("\t")[0]: lexicon.any_of(line.split("\t")[1]) for line in lexicon.lines("urgency.tsv")}

    def __reduce__(self) -> tuple[type["Category"], tuple[CategoryConfig, Callable[[str], bool]]]:
        return Category, (self._config, self._is_emergency)

    def __call__(self, rows: Sequence[Row]) -> list[Row | Rejection]:
        return [self._labelled(row) for row in rows]

    def ranked(self, question: str, answer: str) -> list[tuple[str, float]]:
        """All categories with their probabilities, the likeliest first."""
        limit = self._config.words
        found = self._evidence.probabilities(words(question)[-limit:] + words(answer)[:limit])
        return sorted(zip(CATEGORIES, found.tolist(), strict=True), key=lambda pair: -pair[1])

    def urgency(self, question: str) -> Urgency:
        if self._is_emergency(question):
            return "emergency"
        recent = question[-_LAST_TURNS:]
        if _ASKS_FOR_FACTS.match(recent) and not _SOMEBODY.search(recent):
            return "routine"
        alarming, calming = (len(set(self._cues[kind].findall(recent.lower()))) for kind in ("alarming", "calming"))
        return "urgent" if alarming - _WEIGHT_OF_ROUTINE * calming >= _ENOUGH_FOR_URGENT else "routine"

    def _labelled(self, row: Row) -> Row:
        category, confidence, urgency = row.category, row.confidence, row.urgency
        if not (self._config.keep and category):
            category, confidence = self.ranked(row.input, row.output)[0]
            confidence = round(confidence, 3)
        if not (self._config.keep and urgency):
            urgency = self.urgency(row.input)
        if (category, confidence, urgency) == (row.category, row.confidence, row.urgency):
            return row
        return replace(row, category=category, confidence=confidence, urgency=urgency)
