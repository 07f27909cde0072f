"""Misspelt medicines and conditions: mended where one term alone is near."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations

from medgenius.curation import lexicon
from medgenius.curation.deidentification.lexicon import Trait, traits_of

_SHORTEST = 7
"""Letters; shorter words have too many neighbours."""
_MOST_WORDS = 500_000
"""Words that are remembered; then the memory starts again, so that it stays small whatever the number of rows."""


class Speller:
    """Terms are found by deleting letters on both sides (symmetric deletion, as in SymSpell), two at most."""

    def __init__(self) -> None:
        self._drugs = lexicon.words("drugs.txt")
        self._terms = self._drugs | lexicon.words("conditions.txt")
        self._known = lexicon.words("known_words.txt")
        self._mended = dict(line.split("\t") for line in lexicon.lines("misspellings.tsv"))
        self._seen: dict[str, str | None] = {}
        self._by_deletion: dict[str, list[str]] = defaultdict(list)
        for term in sorted(self._terms):
            for key in _deletions(term):
                self._by_deletion[key].append(term)

    def mended(self, word: str) -> str | None:
        """The right spelling in the case of `word`; None where it is right already or no single term is near."""
        if word not in self._seen:
            if len(self._seen) >= _MOST_WORDS:
                self._seen.clear()
            self._seen[word] = self._find(word)
        return self._seen[word]

    def _find(self, word: str) -> str | None:
        lower = word.lower()
        term = self._mended.get(lower)
        if term is None:
            term = self._nearest(lower)
            if term is None or self._is_another_word(lower, term) or (word != lower and self._is_name(lower, term)):
                return None
        return term.upper() if word.isupper() else term.capitalize() if word[0].isupper() else term

    def _nearest(self, word: str) -> str | None:
        if len(word) < _SHORTEST or word in self._known or _american(word) in self._terms or word in self._terms:
            return None
        near = {term for key in _deletions(word) for term in self._by_deletion.get(key, ())}
        distances = {term: distance for term in near if (distance := _distance(word, term)) <= 2}
        # A second term within two letters could be the one that was meant: hydroxyzine, hydralazine.
        if list(distances.values()) != [1]:
            return None
        (term,) = distances
        return term if self._is_slip(word, term) else None

    def _is_slip(self, word: str, term: str) -> bool:
        """Not a plural, another ending or another beginning, which make another word."""
        if word == term + term[-1]:
            return True
        if word[:-1] == term[:-1] or word[:-1] == term or word[1:] in (term, term[1:]) or word == term[1:]:
            return False
        if word.endswith("ses") and term.endswith("sis"):
            return False
        return term in self._drugs if word == term[:-1] else True

    def _is_another_word(self, word: str, term: str) -> bool:
        """Aphagia is no aphasia. Medicines that other languages write without their last e are the same medicine."""
        return bool(traits_of(word) & Trait.WORD) and word + "e" != term

    def _is_name(self, word: str, term: str) -> bool:
        """Whether a capital may make it another medicine's name: no list holds them all, and they are one letter apart.

        A letter that is lost, added or swapped with its neighbour is a slip all the same.
        """
        return term in self._drugs and len(word) == len(term) and sorted(word) != sorted(term)


def _american(word: str) -> str:
    return word.replace("ae", "e").replace("oe", "e").replace("our", "or").replace("ise", "ize")


def _deletions(word: str) -> Iterable[str]:
    """The word without no, one or two of its letters."""
    places = range(len(word))
    yield word
    for first in places:
        yield word[:first] + word[first + 1 :]
    for first, second in combinations(places, 2):
        yield word[:first] + word[first + 1 : second] + word[second + 1 :]


def _distance(one: str, other: str) -> int:
    """Edits, swaps of neighbours counted as one (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        above, row, older = row, [i], before
        for j, twin in enumerate(other, start=1):
            best = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != twin))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == twin:
                best = min(best, older[j - 2] + 1)
            row.append(best)
        before = above
    return row[-1]
