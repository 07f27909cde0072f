"""The language that findings are written in, and its matching.

A phrase is a line of words. `a|b` is either word, `stem*` any word that begins so, `#` any number, `##` one of
eight or more. Words must follow each other; small words such as "my", "is" and "very" in between are free. `..` lets
up to six other words lie between, within one sentence. `x & y` asks for both in one sentence, in any order.

    face|mouth droop*|dropped
    cant .. lift|move .. arm|leg
    swelling & lips|tongue
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

from medgenius.safety.lexicon import word_set
from medgenius.safety.words import ENDS, Words

SMALL_WORDS = word_set(
    """
    a an the my his her their our your its is was are were am be been being has have had im ive hes shes theyre ill
    so very really quite just all also too of to and in on at with i me he she it they we you that this some get
    gets got getting gone go goes going feel feels feeling felt feelin seems do did does bit like kind sort
    """
)
FREE = 4
"""Small words that may lie between two words of a phrase."""
GAP = 6
"""Other words that `..` may stand for."""
MANY = 8.0
"""The number from which `##` fits."""
REMEMBERED = 50_000
"""Words whose phrases are kept at hand."""

Span = tuple[int, int]
"""First and last token of a match."""
Beginning = tuple[int, "Sequence", frozenset[str]]
"""A sequence and its number, and the words of which a message needs one if the sequence is to occur; none: any may."""


@dataclass(frozen=True, slots=True)
class _Slot:
    words: frozenset[str]
    stems: tuple[str, ...]
    wide: bool
    """Whether other words may come before it."""
    least: float
    """A number from this on fits too; infinite where none does."""

    def fits(self, token: str) -> bool:
        return (
            token in self.words
            or token.startswith(self.stems)
            or (self.least < inf and token[0].isdigit() and float(token.replace(",", ".")) >= self.least)
        )


@dataclass(frozen=True, slots=True)
class Sequence:
    """Words in their order."""

    slots: tuple[_Slot, ...]

    @property
    def needed(self) -> frozenset[str]:
        """Words of which a message must hold one; empty where stems or numbers fit as well."""
        second = self.slots[1] if len(self.slots) > 1 else None
        return second.words if second and not second.stems and second.least == inf else frozenset()

    def match(self, words: Words, start: int) -> Span | None:
        end = self._rest(words, start, 1)
        return None if end is None else (start, end)

    def _rest(self, words: Words, at: int, index: int) -> int | None:
        """The last token of the slots from `index` on, which lie after token `at`."""
        if index == len(self.slots):
            return at
        slot, tokens = self.slots[index], words.tokens
        others = 0
        for position in range(at + 1, min(at + 2 + FREE + GAP, len(tokens))):
            token = tokens[position]
            if token in ENDS:
                return None
            if slot.fits(token):
                end = self._rest(words, position, index + 1)
                if end is not None:
                    return end
            others += token not in SMALL_WORDS
            if others > (GAP if slot.wide else 0) or position - at > (FREE + GAP if slot.wide else FREE):
                return None
        return None


def parse(phrase: str) -> tuple[Sequence, ...]:
    """The sequences of one phrase, all of which must be in one sentence."""
    return tuple(_sequence(part.split()) for part in phrase.split("&"))


def _sequence(parts: list[str]) -> Sequence:
    slots: list[_Slot] = []
    wide = False
    for part in parts:
        if part == "..":
            wide = True
            continue
        choices = part.split("|")
        words = frozenset(choice for choice in choices if not choice.endswith("*"))
        stems = tuple(choice[:-1] for choice in choices if choice.endswith("*"))
        if not all(choices) or not all(stems):
            raise ValueError(f"the phrase {' '.join(parts)!r} has an empty choice")
        least = 0.0 if "#" in words else MANY if "##" in words else inf
        slots.append(_Slot(words, stems, wide, least))
        wide = False
    if not slots or wide:
        raise ValueError(f"the phrase {' '.join(parts)!r} is empty or ends in '..'")
    return Sequence(tuple(slots))


@dataclass(slots=True)
class PhraseIndex:
    """Many sequences at once: a token is only tried with those that can begin with it."""

    _numbers: dict[Sequence, int] = field(default_factory=dict)
    _by_word: dict[str, list[Beginning]] = field(default_factory=dict)
    _by_stem: dict[str, list[Beginning]] = field(default_factory=dict)
    _beginnings: dict[str, tuple[Beginning, ...]] = field(default_factory=dict)
    """What `_beginning_with` gave for the words seen so far, `REMEMBERED` at most."""

    def add(self, sequences: Iterable[Sequence]) -> tuple[int, ...]:
        """The number of each sequence; equal ones share it."""
        return tuple(self._add(sequence) for sequence in sequences)

    def _add(self, sequence: Sequence) -> int:
        if sequence in self._numbers:
            return self._numbers[sequence]
        number = self._numbers[sequence] = len(self._numbers)
        beginning = (number, sequence, sequence.needed)
        for word in sequence.slots[0].words:
            self._by_word.setdefault(word, []).append(beginning)
        for stem in sequence.slots[0].stems:
            self._by_stem.setdefault(stem, []).append(beginning)
        return number

    def find(self, words: Words) -> dict[int, list[Span]]:
        """Where each sequence occurs, by its number."""
        found: dict[int, list[Span]] = {}
        present = frozenset(words.tokens)
        for start, token in enumerate(words.tokens):
            beginning = self._beginnings.get(token)
            if beginning is None:
                beginning = tuple(self._beginning_with(token))
                if len(self._beginnings) < REMEMBERED:
                    self._beginnings[token] = beginning
            for number, sequence, needed in beginning:
                if needed and needed.isdisjoint(present):
                    continue
                if span := sequence.match(words, start):
                    found.setdefault(number, []).append(span)
        return found

    def _beginning_with(self, token: str) -> list[Beginning]:
        found = list(self._by_word.get(token, ()))
        if token[0].isdigit():
            return found + self._by_word.get("#", []) + self._by_word.get("##", [])
        for length in range(2, len(token) + 1):
            found += self._by_stem.get(token[:length], ())
        return found
