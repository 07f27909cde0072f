"""Items that are near-duplicates of each other: a bootstrap that took them for independent would be too sure."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from medgenius.curation.clusters import Forest
from medgenius.curation.similarity import jaccard, runs, words

_SIMILARITY: Final = 0.6
"""Jaccard index of the three-word runs, the looser one that curation splits by."""
_COMMON: Final = 200
"""A run that stands in more items than this says little about any of them."""
_FIRST: Final = 5
"""Of the items with a common run, those that another is held against all the same: copies, of which there may be
hundreds, have all their runs in common with the first of them."""


def clusters(texts: Sequence[str]) -> list[int]:
    """For each text the place of the first text of its cluster."""
    forest = Forest(len(texts))
    own = [runs(words(text)) for text in texts]
    places: dict[int, list[int]] = defaultdict(list)
    for place, found in enumerate(own):
        alike: set[int] = set()
        for run in found.tolist():
            known = places[run]
            alike.update(known if len(known) < _COMMON else known[:_FIRST])
            if len(known) < _COMMON:
                known.append(place)
        for other in alike:
            if forest.find(other) != forest.find(place) and jaccard(own[other], found) >= _SIMILARITY:
                forest.join(other, place)
    return [int(root) for root in forest.roots()]
