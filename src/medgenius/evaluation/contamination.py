"""How much of a test set was seen in training: items that share a long run of words with a row, or are near copies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from medgenius.curation.similarity import words
from medgenius.curation.text_index import TextIndex

NGRAM: Final = 13
"""Words (GPT-3, arXiv:2005.14165, appendix C)."""
SIMILARITY: Final = 0.6
"""Jaccard index of three-word runs."""
_FEWEST_WORDS: Final = 5
"""A shorter text ("Yes", "Vitamin C") says nothing about where an item comes from."""


@dataclass(frozen=True, slots=True)
class Contamination:
    """Of one test set, for each item in its order."""

    shares_ngram: tuple[bool, ...]
    near_duplicate: tuple[bool, ...]

    @property
    def contaminated(self) -> tuple[bool, ...]:
        """Either of the two."""
        return tuple(a or b for a, b in zip(self.shares_ngram, self.near_duplicate, strict=True))


def contamination(items: Sequence[Sequence[str]], rows: Sequence[Sequence[str]]) -> Contamination:
    """Hold each item against the training rows, with the measure that curation keeps evaluation sets out by.

    Args:
        items: the texts of each item: question, context, reference answer. Leave out choices that every item has.
        rows: the texts of each training row: question and answer
    """
    index = TextIndex([split for row in rows for split in _worth_comparing(row)], NGRAM, SIMILARITY)
    split_items = [_worth_comparing(item) for item in items]
    return Contamination(
        shares_ngram=tuple(any(index.sharing_ngram(text) is not None for text in item) for item in split_items),
        near_duplicate=tuple(any(index.near_duplicate(text) is not None for text in item) for item in split_items),
    )


def _worth_comparing(texts: Sequence[str]) -> list[list[str]]:
    return [split for text in texts if len(split := words(text)) >= _FEWEST_WORDS]
