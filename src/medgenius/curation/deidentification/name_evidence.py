"""How sure it is that a row of words is the name of a person."""

import re
from collections.abc import Sequence

from medgenius.curation.deidentification.lexicon import Trait, lines_of, traits_of
from medgenius.curation.deidentification.name_contexts import (
    AFTER,
    BEFORE,
    CITED,
    CONNECTED,
    CREDENTIAL,
    MONTHS,
    NEVER,
    REFERENCE,
    SPEAKER,
)
from medgenius.curation.deidentification.spans import Evidence
from medgenius.curation.deidentification.tokens import Text, Token

LONGEST = 5
"""Words of one name."""
_COORDINATION = re.compile(r",\s|,?\s(?:and|&|y|und|et|e)\s")
_DISCOVERED = frozenset(lines_of("discovered_nouns.txt"))
"""Nouns that are named after somebody."""
_MEDICAL_ENDINGS = ("itis", "osis", "opathy", "emia", "aemia", "trophy", "plasia", "oma", "omas", "plasty", "ectomy")


def evidence_of(source: Text, run: Sequence[Token]) -> int:
    """Evidence that a run is a person, 0 for none."""
    text, start, end = source.text, run[0].start, run[-1].end
    if is_something_else(source, run):
        return 0
    before = text[max(0, start - 40) : start]
    after = text[end : end + 30]
    context = bool(BEFORE.search(before)) + bool(AFTER.match(after)) + _coordinated(source, run)
    evidence = _several(run, source) if len(run) > 1 else _single(run[0], source, context)
    if CREDENTIAL.match(after):
        return max(evidence + 1, Evidence.LIKELY) if evidence < Evidence.CERTAIN else evidence
    if SPEAKER.match(after) and run[0].opens and run[0].has(Trait.FIRST_NAME) and evidence:
        context += 1
    return min(evidence + context, Evidence.CERTAIN) if evidence else 0


def _several(run: Sequence[Token], source: Text) -> int:  # noqa: PLR0911 (a list of cases)
    """Evidence of a run of two or more words."""
    names = [token for token in run if not token.initial and token.folded not in CONNECTED]
    if len(names) == 1:
        evidence = _single(names[0], source, 0)
        return min(evidence + 1, Evidence.CERTAIN) if evidence else 0
    first, last = names[0], names[-1]
    plain = sum(_ordinary(token) for token in names)
    known = sum(token.has(Trait.NAME) for token in names)
    if len(run) > LONGEST or (len(names) > 2 and plain > len(names) // 2):
        return 0
    if any(token.folded in source.eponyms for token in names):
        return Evidence.POSSIBLE if known else 0
    if first.has(Trait.FIRST_NAME) and not plain:
        return Evidence.CERTAIN
    if first.has(Trait.FIRST_NAME) and last.has(Trait.SURNAME):
        return Evidence.LIKELY if plain < len(names) else Evidence.POSSIBLE
    if not first.cased and not first.capital:
        return Evidence.LIKELY if known == len(names) and not plain else 0
    if source.german:
        return 0
    if plain == 0 and not (first.shouted and not first.cased):
        return Evidence.LIKELY
    named = first.has(Trait.FIRST_NAME) or (not _ordinary(first) and last.has(Trait.SURNAME))
    return Evidence.POSSIBLE if named else 0


def _single(token: Token, source: Text, context: int) -> int:  # noqa: PLR0911 (a list of cases)
    """Evidence of one word; `context` counts the signs around it that speak for a person."""
    word, first, surname = token.has(Trait.WORD), token.has(Trait.FIRST_NAME), token.has(Trait.SURNAME)
    if (
        token.folded in source.eponyms | source.written_small
        or token.has(Trait.REGION)
        or (len(token.text) < 3 and not context)
    ):
        return 0
    if not token.capital or (token.shouted and not token.cased):
        return Evidence.LIKELY if first and not word and len(token.folded) > 3 else 0
    if token.has(Trait.EPONYM):
        return Evidence.POSSIBLE if context else 0
    if first and not token.has(Trait.COMMON):
        doubtful = word or token.shouted or token.has(Trait.PLACE)
        return Evidence.POSSIBLE if doubtful and not context else Evidence.LIKELY
    if word:
        named = (first or surname) and context and token.cased and not token.opens and token.folded not in MONTHS
        return Evidence.POSSIBLE if named else 0
    if not token.cased or source.german:
        return Evidence.POSSIBLE if context and surname else 0
    if surname and not token.opens:
        return Evidence.LIKELY
    return Evidence.POSSIBLE if context or not token.opens else 0


def _ordinary(token: Token) -> bool:
    """Whether a word is an ordinary one in its case: a capital takes the doubt from a rare word that is a name."""
    if token.capital and not token.shouted and token.has(Trait.NAME):
        return token.has(Trait.COMMON)
    return token.has(Trait.WORD)


def _coordinated(source: Text, run: Sequence[Token]) -> bool:
    """Whether a known name stands beside, after a comma or "and"."""
    tokens, low, high = source.tokens, run[0].index, run[-1].index
    after = [token for token in tokens[high + 1 : high + 3] if token.folded != "and"][:1]
    before = [token for token in tokens[max(0, low - 2) : low] if token.folded != "and"][-1:]
    pairs = [(run[-1], other) for other in after] + [(other, run[0]) for other in before]
    return any(
        other.capital
        and other.cased
        and other.folded not in NEVER
        and other.has(Trait.NAME)
        and not other.has(Trait.WORD | Trait.EPONYM | Trait.REGION | Trait.CITY)
        and _COORDINATION.fullmatch(source.text, left.end, right.start) is not None
        for left, right in pairs
        for other in (right if left is run[-1] else left,)
    )


def is_something_else(source: Text, run: Sequence[Token]) -> bool:
    """An eponym, an institution, a place or a work by what stands next to it."""
    if _leads_to_a_noun(source, run[-1]) or REFERENCE.match(source.text, run[-1].end):
        return True
    if CITED.search(source.text[max(0, run[0].start - 60) : run[0].start]):
        return True
    words = [token for token in run if not token.initial and token.folded not in CONNECTED]
    if not words or any(token.has(Trait.ORGANISATION_NOUN) and not token.has(Trait.SURNAME) for token in words):
        return True
    if len(words) > 1 and all(token.has(Trait.EPONYM) or token.folded in source.eponyms for token in words):
        return True
    phrase = " ".join(token.folded for token in words)
    if traits_of(phrase) & Trait.REGION or (words[-1].has(Trait.REGION) and not words[-1].has(Trait.SURNAME)):
        return True
    return all(token.has(Trait.REGION) or _is_only_a_town(source, token) for token in words)


def _is_only_a_town(source: Text, token: Token) -> bool:
    if not token.has(Trait.CITY) or token.has(Trait.NAME):
        return False
    return BEFORE.search(source.text[max(0, token.start - 40) : token.start]) is None


def makes_an_eponym(name: Token, gap: str, noun: Token) -> bool:
    """Whether a medical noun after a name makes the name an eponym: "Tarlov cysts", but not "Maria's cysts".

    What a person can have takes a possessive as well, so that only nouns which are named after somebody count then,
    and a first name counts only where it is a listed eponym.
    """
    if not noun.has(Trait.MEDICAL_NOUN) and not noun.folded.endswith(_MEDICAL_ENDINGS):
        return False
    if not gap.strip(" -–/"):
        return True
    possessive = gap in {"'s ", "’s ", "' "}
    given = name.has(Trait.FIRST_NAME) and "-" not in name.folded and not noun.capital
    return possessive and (name.has(Trait.EPONYM) or (noun.folded in _DISCOVERED and not given))


def _leads_to_a_noun(source: Text, last: Token) -> bool:
    """Whether a medical noun comes next, or an institution at the end of a row of capitals."""
    left = last
    for right in source.tokens[last.index + 1 : last.index + 5]:
        gap = source.text[left.end : right.start]
        if gap.strip(" -–/.,") and gap not in {"'s ", "’s ", "' "}:
            return False
        if left is last and makes_an_eponym(last, gap, right):
            return True
        if right.has(Trait.ORGANISATION_NOUN) and right.capital and "," not in gap:
            return True
        if not right.capital or "," in gap:
            return False
        left = right
    return False
