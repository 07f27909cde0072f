"""Items that are near-duplicates of each other: a bootstrap that took them for independent would be too sure."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from medgenius.curation.clusters import Forest
from medgenius.curation.similarity import jaccard, runs, words

_SIMILARITY: Final = 0.6
"""Jaccard index of the three-word runs, the looser one that curation splits by."""
_COMMON: Final = 200
"""A run that stands in more items than this says nothing about any of them."""


def clusters(texts: Sequence[str]) -> list[int]:
    """For each text the place of the first text of its cluster."""
    forest = Forest(len(texts))
    own = [runs(words(text)) for text in texts]
    places: dict[int, list[int]] = defaultdict(list)
    for place, found in enumerate(own):
        alike: set[int] = set()
        for run in found.tolist():
            if len(places[run]) <= _COMMON:
                alike.update(places[run])
            places[run].append(place)
        for other in alike:
            if forest.find(other) != forest.find(place) and jaccard(own[other], found) >= _SIMILARITY:
                forest.join(other, place)
    return [int(root) for root in forest.roots()]
