"""Quality of an answer on five criteria, each a proxy read from words; experiments/curation/quality.md: how good."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from medgenius.config.curation.quality import QualityConfig
from medgenius.curation import lexicon
from medgenius.curation.evidence import words
from medgenius.curation.row import Rejection, Row
from medgenius.safety import has_disclaimer

Criteria = dict[str, float]
"""accuracy, caution, empathy, disclaimer, structure; each 0 to 1."""

_SENTENCE_END = re.compile(r"[.!?](?=\s|$)")
_LIST_ITEM = re.compile(r"^(?:[-*•]|\d{1,2}[.)]) ", re.M)
_MEDICAL_FOR_FULL = 8
"""Different medical words; the same for the other counts of what makes a criterion full."""
_HEDGES_FOR_FULL = 3
_CAUTIONS_FOR_FULL = 4
_EMPATHY_FOR_HALF = 1
_WORDS_FOR_FULL = 60
_READABLE_SENTENCE = (6, 30)
"""Words."""
_LONG = 120
"""Words; a longer answer reads better in paragraphs or as a list."""
_SHORT = 30
"""Words; a diagnosis in fewer is an overconfident one."""


class Quality:
    name = "quality"

    def __init__(self, config: QualityConfig, disclaims: Callable[[str], bool] = has_disclaimer) -> None:
        """`disclaims`: whether an answer says that it does not replace a doctor."""
        self._config = config
        self._disclaims = disclaims
        self._tone = {line.split("\t")[0]: lexicon.any_of(line.split("\t")[1]) for line in lexicon.lines("tone.tsv")}
        lists = ("medical_words.txt", "drugs.txt", "conditions.txt")
        self._medical = frozenset(word for name in lists for word in words(" ".join(lexicon.words(name))))
        self._everyday = frozenset(words(" ".join(lexicon.words("everyday_words.txt"))))
        weights: dict[str, float] = config.weights.model_dump()
        self._shares = {criterion: weight / sum(weights.values()) for criterion, weight in weights.items()}

    def __reduce__(self) -> tuple[type["Quality"], tuple[QualityConfig, Callable[[str], bool]]]:
        return Quality, (self._config, self._disclaims)

    def __call__(self, rows: Sequence[Row]) -> list[Row | Rejection]:
        return [self._judged(row) for row in rows]

    def criteria(self, question: str, answer: str) -> Criteria:
        ended = answer.rstrip()[-1:] in {".", "!", "?", ":", ")", "]"}
        answer = _first_words(answer, self._config.max_words)
        lower = answer.lower().replace("’", "'")
        asked, said = words(question), words(answer)
        cautions = len(set(self._tone["caution"].findall(lower)))
        empathy = len(set(self._tone["empathy"].findall(lower)))
        return {
            "accuracy": self._accuracy(asked, said, lower),
            "caution": min(1.0, cautions / _CAUTIONS_FOR_FULL),
            "empathy": empathy / (empathy + _EMPATHY_FOR_HALF),
            "disclaimer": float(self._disclaims(answer)),
            "structure": _structure(answer, len(said), ended),
        }

    def score(self, criteria: Criteria) -> float:
        return math.fsum(share * criteria[criterion] for criterion, share in self._shares.items())

    def _accuracy(self, asked: Sequence[str], said: Sequence[str], answer: str) -> float:
        """Mean of: the question's own words taken up, medical terms, hedges; less for an unqualified diagnosis."""
        told = set(said)
        content = set(asked) - self._everyday
        taken_up = len(content & told) / len(content) if content else 0.5
        terms = min(1.0, len(self._medical & told) / _MEDICAL_FOR_FULL)
        hedges = min(1.0, len(self._tone["hedge"].findall(answer)) / _HEDGES_FOR_FULL)
        claims = len(self._tone["overconfident"].findall(answer))
        penalty = 1 / (1 + claims) if len(said) < _SHORT or claims > hedges * _HEDGES_FOR_FULL else 1.0
        return (math.sqrt(taken_up) + terms + hedges) / 3 * penalty

    def _judged(self, row: Row) -> Row | Rejection:
        criteria = {name: round(value, 3) for name, value in self.criteria(row.input, row.output).items()}
        quality = round(self.score(criteria), 3)
        scored = (quality, tuple(criteria.items()))
        judged = row if scored == (row.quality, row.criteria) else replace(row, quality=quality, criteria=scored[1])
        if quality < self._config.threshold:
            return Rejection(judged, self.name, "low_quality", f"score {quality:.3f}")
        return judged


def _first_words(text: str, count: int) -> str:
    """Of a long text only the beginning, cut at a word."""
    parts = text.split(None, count)
    return text if len(parts) <= count else text[: len(text) - len(parts[-1])]


def _structure(answer: str, size: int, ended: bool) -> float:
    """Mean of: long enough, sentences of readable length, a full stop at the end, parts where it is long."""
    if not size:
        return 0.0
    sentences = max(1, len(_SENTENCE_END.findall(answer)), len(_LIST_ITEM.findall(answer)))
    shortest, longest = _READABLE_SENTENCE
    mean = size / sentences
    readable = mean / shortest if mean < shortest else min(1.0, longest / mean)
    parts = answer.count("\n\n") + len(_LIST_ITEM.findall(answer))
    divided = 1.0 if size < _LONG else (1 + min(1.0, parts / 2)) / 2
    return (min(1.0, size / _WORDS_FOR_FULL) + readable + ended + divided) / 4
