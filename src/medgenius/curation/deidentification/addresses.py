"""Addresses: streets, post boxes, postcodes, and towns where somebody lives."""

import re
from collections.abc import Iterator, Sequence

from medgenius.curation.deidentification import address_forms as forms
from medgenius.curation.deidentification.lexicon import Trait, folded, traits_of
from medgenius.curation.deidentification.name_contexts import NEVER
from medgenius.curation.deidentification.spans import Candidate, Evidence
from medgenius.curation.deidentification.tokens import Token

_STREETS = (
    forms.STREET,
    forms.STREET_WITH_CAPITAL,
    forms.GERMANIC,
    forms.GERMAN_SPACED,
    forms.HUNGARIAN,
    forms.BOX,
    forms.UNIT_LINE,
    forms.CORNER,
)
_TOWNS = (forms.CITY_STATE_ZIP, forms.POSTCODE_CERTAIN)
_LONGEST_TAIL = 6
"""Parts after the street: unit, town, county, state, postcode, country."""
_UNIT_WORD = re.compile(r"\b(?:apt|suite|ste|unit|flat|floor|st|str|streets?|bajo|piso)\b", re.IGNORECASE)


def find_addresses(text: str, tokens: Sequence[Token]) -> Iterator[Candidate]:
    """Candidates of kind ADDRESS."""
    if any(character.isdigit() for character in text):
        yield from _with_numbers(text)
    for match in forms.NAMED_STREET.finditer(text):
        if _is_named_street(match.group()):
            lived = _ON.search(text, max(0, match.start() - 30), match.start())
            yield _extended(text, match.start(), match.end(), Evidence.LIKELY if lived else Evidence.POSSIBLE)
    yield from _towns(text, tokens)


def _with_numbers(text: str) -> Iterator[Candidate]:
    for pattern in _STREETS:
        for match in pattern.finditer(text):
            if not _is_dose(match.group()) and not any(
                traits_of(word) & Trait.EPONYM for word in _words(match.group())
            ):
                yield _extended(text, match.start(), match.end(), Evidence.CERTAIN)
    for pattern in (forms.ROMANCE, forms.ROMANCE_LOWER):
        for match in pattern.finditer(text):
            if any(character.isdigit() for character in match.group()) and not _is_dose(match.group()):
                yield _extended(text, match.start(), match.end(), Evidence.CERTAIN)
    for pattern in _TOWNS:
        for match in pattern.finditer(text):
            yield Candidate(match.start(), match.end(), "ADDRESS", Evidence.CERTAIN)
    for pattern in (forms.POSTCODE_CITY, forms.CITY_PIN):
        for match in pattern.finditer(text):
            if any(traits_of(word) & Trait.CITY for word in re.findall(r"[^\W\d_]{3,}", match.group())):
                yield Candidate(match.start(), match.end(), "ADDRESS", Evidence.LIKELY)
    for match in forms.NUMBERED.finditer(text):
        if not any(traits_of(word) & Trait.WORD for word in _words(match.group())):
            yield _extended(text, match.start(), match.end(), Evidence.LIKELY)
    for match in forms.AT.finditer(text):
        if not _is_dose(match.group(1)) and any(not traits_of(word) & Trait.COMMON for word in _words(match.group(1))):
            yield _extended(text, match.start(1), match.end(1), Evidence.LIKELY)
    for match in forms.IN_TOWN.finditer(text):
        if not any(traits_of(word) & Trait.WORD for word in _words(match.group(1))[:1]):
            yield Candidate(match.start(1), match.end(1), "ADDRESS", Evidence.LIKELY)
    for match in forms.UNIT.finditer(text):
        yield _extended(text, match.start(), match.end(), Evidence.LIKELY)
    for match in forms.LABELLED_CODE.finditer(text):
        yield Candidate(match.start(1), match.end(1), "ADDRESS", Evidence.CERTAIN)
    for match in forms.LABELLED.finditer(text):
        yield Candidate(match.start(1), match.start(1) + len(match.group(1).rstrip(" ,")), "ADDRESS", Evidence.LIKELY)


_DOSE = re.compile(
    r"\d\s?(?:mg|mcg|ml|g|units?|iu|%|mmol|tablets?|puffs?|times|days?|weeks?|months?|years?|hours?|minutes?)\b", re.I
)


def _is_dose(value: str) -> bool:
    return _DOSE.search(value) is not None


def _is_named_street(value: str) -> bool:
    words = value.split()
    return not all(traits_of(word) & Trait.COMMON and not traits_of(word) & Trait.NAME for word in words[:-1])


def _words(value: str) -> list[str]:
    return re.findall(r"[^\W\d_]{2,}", value)


def _extended(text: str, start: int, end: int, evidence: Evidence) -> Candidate:
    """A street with the numbers before it, and the units, towns and postcodes after it."""
    left = forms.LEFT.search(text, max(0, start - 24), start)
    if left is not None:
        start = left.start()
    for _ in range(_LONGEST_TAIL):
        match = forms.TAIL.match(text, end)
        if match is None or not _is_part(match.group()):
            break
        end = match.end()
    return Candidate(start, end - (len(text[start:end]) - len(text[start:end].rstrip())), "ADDRESS", evidence)


def _is_part(value: str) -> bool:
    """Whether what follows a street belongs to it: not a new sentence's first word or an ordinary one."""
    words = _words(value)
    if not words or any(character.isdigit() for character in value):
        return True
    if _UNIT_WORD.search(value) or (len(words) == 1 and words[0].isupper() and len(words[0]) < 4):
        return True
    if traits_of(" ".join(folded(word) for word in words)) & (Trait.CITY | Trait.REGION):
        return True
    separated = value.lstrip(" ")[:1] in {",", "\n"}
    plain = [
        bool(traits_of(word) & Trait.COMMON) and not traits_of(word) & (Trait.CITY | Trait.REGION) for word in words
    ]
    return not all(plain) if separated else not any(plain)


_ON = re.compile(r"\b(?:on|at|near|along|off)\s+$|live[sd]?\b.{0,15}$", re.IGNORECASE)
_IN = re.compile(r"\b(?:in|near|outside|at|to|from|of|around)\s+$", re.IGNORECASE)


def _towns(text: str, tokens: Sequence[Token]) -> Iterator[Candidate]:
    """Towns by name: likely where somebody lives, possible anywhere else."""
    for index, token in enumerate(tokens):
        if not (token.capital and token.cased) and not token.has(Trait.CITY):
            continue
        before = text[max(0, token.start - 30) : token.start]
        dwelling = forms.DWELLING.search(before) is not None
        end, known = _town(text, tokens, index)
        if token.has(Trait.REGION) or (token.opens and not dwelling) or token.has(Trait.ORGANISATION_NOUN):
            continue
        capital = token.capital and token.cased
        if known and capital and not token.has(Trait.COMMON):
            likely = dwelling or text[end : end + 4] in {", UK", ", US"}
            if likely or _IN.search(before):
                yield Candidate(token.start, end, "ADDRESS", Evidence.LIKELY if likely else Evidence.POSSIBLE)
        elif dwelling and token.folded not in NEVER and not token.has(Trait.WORD) and (capital or known):
            yield Candidate(token.start, end, "ADDRESS", Evidence.LIKELY if known else Evidence.POSSIBLE)


def _town(text: str, tokens: Sequence[Token], index: int) -> tuple[int, bool]:
    """End of the longest listed town that begins at a word, and whether there is one."""
    end, known = tokens[index].end, tokens[index].has(Trait.CITY)
    for width in (3, 2):
        rest = tokens[index : index + width]
        if len(rest) == width and all(
            text[a.end : b.start] in {" ", "-"} for a, b in zip(rest, rest[1:], strict=False)
        ):
            phrase = " ".join(folded(token.text) for token in rest)
            if traits_of(phrase) & (Trait.CITY | Trait.REGION):
                return rest[-1].end, bool(traits_of(phrase) & Trait.CITY)
    return end, known
