"""Which clinical things an answer names that its reference names: conditions, medicines, advice and red flags.

A proxy for medical content, not for correctness: it counts what is named, not what is said about it, and knows what
its lists know (evaluation/lexicon, curation/lexicon/drugs.txt, the red flags of medgenius.safety). What is negated ("no
sign of a stroke", "do not take aspirin") is not named. What is conditional is: "if you have chest pain, call 999"
names a red flag and an advice. English only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, get_args

from medgenius.curation.lexicon import words as listed_words
from medgenius.evaluation.lexicon import things
from medgenius.safety.assessment import find_findings
from medgenius.safety.phrases import PhraseIndex, parse
from medgenius.safety.rules import RULES
from medgenius.safety.scope import Mark, Scope
from medgenius.safety.words import Words, plain, split_words

Kind = Literal["condition", "drug", "advice", "red_flag"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

_AGAINST: Final = Mark.NEGATED | Mark.IDIOM | Mark.CLEARED
"""What speaks against a thing being named; fear, past and condition do not."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of what an answer names with what its reference names."""

    shared: int
    named: int
    """By the answer"""
    expected: int
    """By the reference"""

    @property
    def precision(self) -> float | None:
        """None where the answer names nothing."""
        return self.shared / self.named if self.named else None

    @property
    def recall(self) -> float | None:
        """None where the reference names nothing."""
        return self.shared / self.expected if self.expected else None

    @property
    def f1(self) -> float | None:
        """None where neither names anything: no item. 0 where one of the two does not."""
        both = self.named + self.expected
        return 2 * self.shared / both if both else None


@dataclass(frozen=True, slots=True)
class ContentScores:
    """Per kind, and over all things of all kinds together (micro)."""

    by_kind: Mapping[Kind, Agreement]
    micro: Agreement


def content_f1(answer: str, reference: str) -> ContentScores:
    """Compare what either names."""
    said, meant = named_in(answer), named_in(reference)
    by_kind = {kind: Agreement(len(said[kind] & meant[kind]), len(said[kind]), len(meant[kind])) for kind in KINDS}
    total = Agreement(
        shared=sum(one.shared for one in by_kind.values()),
        named=sum(one.named for one in by_kind.values()),
        expected=sum(one.expected for one in by_kind.values()),
    )
    return ContentScores(by_kind, total)


def named_in(text: str) -> Mapping[Kind, frozenset[str]]:
    """The names of all things that a text names, by kind."""
    words = split_words(plain(text))
    singular = Words(tuple(_singular(token) for token in words.tokens), words.sentence, words.clause)
    scope = Scope(words)
    index, things_of = _things()
    found: dict[Kind, set[str]] = {kind: set() for kind in KINDS}
    for number, spans in index.find(singular).items():
        if any(not scope.of(span) & _AGAINST.value for span in spans):
            for kind, name in things_of[number]:
                found[kind].add(name)
    findings = find_findings(text, despite=~_AGAINST)
    found["red_flag"] = {rule.red_flag for rule in RULES if rule.holds(findings)}
    return {kind: frozenset(names) for kind, names in found.items()}


@cache
def _things() -> tuple[PhraseIndex, dict[int, list[tuple[Kind, str]]]]:
    """The index of all phrases, and what each of them names."""
    named = things("drugs.txt")
    known = {phrase for phrases in named.values() for phrase in phrases}
    drugs = {**named, **{word: [word] for word in sorted(listed_words("drugs.txt") - known)}}
    lists: tuple[tuple[Kind, Mapping[str, Sequence[str]]], ...] = (
        ("condition", things("conditions.txt")),
        ("drug", drugs),
        ("advice", things("advice.txt")),
    )
    index = PhraseIndex()
    things_of: dict[int, list[tuple[Kind, str]]] = {}
    for kind, entries in lists:
        for name, phrases in entries.items():
            for number in _added(index, phrases):
                things_of.setdefault(number, []).append((kind, name))
    return index, things_of


def _added(index: PhraseIndex, phrases: Iterable[str]) -> set[int]:
    """The numbers of phrases whose words are in the singular, as those of the text will be."""
    return {number for phrase in phrases for number in index.add(parse(_phrase_in_singular(phrase)))}


def _phrase_in_singular(phrase: str) -> str:
    parts = (
        part if part == ".." else "|".join(_singular(word) for word in part.split("|"))
        for part in phrase.replace("-", " ").split()
    )
    return " ".join(parts)


def _singular(word: str) -> str:
    """Without a plural s, the same for phrases and text; no linguistics."""
    return word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] not in "sui" else word
