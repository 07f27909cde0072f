"""Shared words and characters with a reference answer: ROUGE, BLEU, chrF, of one answer each.

A low score means other words, not a wrong answer. Means of these are means over answers, so that they can be compared
item by item; corpus BLEU, which counts n-grams of all answers together, is another number.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final, TypeVar

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

T = TypeVar("T")

_SEPARATORS: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Rouge:
    """F1 of each, 0 to 1."""

    rouge1: float
    """Shared words"""
    rouge2: float
    """Shared pairs of words"""
    rouge_l: float
    """Longest common subsequence of words"""


def rouge(answer: str, reference: str) -> Rouge:
    """ROUGE (Lin, 2004) as the package rouge-score computes it without stemming: equal to its last digit.

    Words are runs of a-z and 0-9 in lower case, so for other scripts it says nothing.
    """
    said, meant = _words(answer), _words(reference)
    return Rouge(
        rouge1=_shared(Counter(said), Counter(meant)),
        rouge2=_shared(Counter(pairwise(said)), Counter(pairwise(meant))),
        rouge_l=_f1(_longest_common(said, meant), len(said), len(meant)),
    )


def _words(text: str) -> list[str]:
    return _SEPARATORS.sub(" ", text.lower()).split()


def _shared(said: Counter[T], meant: Counter[T]) -> float:
    return _f1((said & meant).total(), said.total(), meant.total())


def _f1(shared: int, said: int, meant: int) -> float:
    if not shared:
        return 0.0
    precision, recall = shared / said, shared / meant
    return 2 * precision * recall / (precision + recall)


def _longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence, a row of the table as the bits of one integer (Hyyrö, 2004)."""
    places: dict[str, int] = {}
    for place, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << place
    whole = (1 << len(one)) - 1
    row = whole
    for word in other:
        matching = row & places.get(word, 0)
        row = ((row + matching) | (row - matching)) & whole
    return len(one) - row.bit_count()


@cache
def _bleu() -> BLEU:
    return BLEU(effective_order=True)


@cache
def _chrf() -> CHRF:
    return CHRF()


def bleu(answer: str, reference: str) -> float:
    """Sentence BLEU, 0 to 100 (Papineni et al., 2002), by sacrebleu: 13a tokens, exponential smoothing."""
    return float(_bleu().sentence_score(answer, [reference]).score)


def chrf(answer: str, reference: str) -> float:
    """chrF2, 0 to 100: n-grams of up to 6 characters, recall counts twice (Popović, 2015), by sacrebleu."""
    return float(_chrf().sentence_score(answer, [reference]).score)
