"""Addresses: streets, post boxes, postcodes, and towns where somebody lives."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from medgenius.curation.deidentification import address_forms as forms
from medgenius.curation.deidentification.lexicon import Trait, folded, traits_of
from medgenius.curation.deidentification.name_contexts import NEVER
from medgenius.curation.deidentification.quantities import UNIT_AFTER
from medgenius.curation.deidentification.spans import Candidate, Evidence
from medgenius.curation.deidentification.tokens import Text, Token

_LONGEST_TAIL = 6
"""Parts after the street: unit, town, county, state, postcode, country."""
_POSTCODE = re.compile(rf"\d{{5}}|{forms.UK_POSTCODE}")
_UNIT_WORD = re.compile(r"\b(?:apt|suite|ste|unit|flat|floor|st|str|streets?|bajo|piso)\b", re.IGNORECASE)


def find_addresses(source: Text) -> Iterator[Candidate]:
    """Candidates of kind ADDRESS."""
    text = source.text
    if any(character.isdigit() for character in text):
        yield from _with_numbers(text)
    for match in forms.NAMED_STREET.finditer(text):
        if _is_named_street(match.group()):
            lived = _ON.search(text, max(0, match.start() - 30), match.start())
            yield _extended(text, match.start(), match.end(), Evidence.LIKELY if lived else Evidence.POSSIBLE)
    yield from _towns(source)


def _with_numbers(text: str) -> Iterator[Candidate]:
    for form in _FORMS:
        for match in form.pattern.finditer(text):
            value = match.group(form.group)
            start, end = match.span(form.group)
            if form.holds(value) and not _is_amount(text, end):
                if form.extends:
                    yield _extended(text, start, end, form.evidence)
                else:
                    yield Candidate(start, end - len(value) + len(value.rstrip(" ,")), "ADDRESS", form.evidence)


def _words(value: str) -> list[str]:
    return re.findall(r"[^\W\d_]{2,}", value)


def _is_amount(text: str, end: int) -> bool:
    """Whether the number that ends here is followed by its unit: "measuring 12 mm", "lie flat 30 minutes"."""
    return text[end - 1].isdigit() and UNIT_AFTER.match(text, end) is not None


def _always(_: str) -> bool:
    return True


def _is_street(value: str) -> bool:
    """Numbers that are no part of a code (B12), but no dose, and no eponym ("grade 3 Cormack-Lehane view")."""
    eponym = any(traits_of(word) & Trait.EPONYM for word in _words(value))
    return _NUMBER.search(value) is not None and not _DOSE.search(value) and not eponym


def _is_corner(value: str) -> bool:
    """A corner of streets, by a number, a name or a street word: not "the corner of her mouth"."""
    words = _words(value)[3:]
    named = any(not traits_of(word) & Trait.WORD or word.istitle() for word in words)
    return named or _NUMBER.search(value) is not None or forms.STREET_WORD.search(value) is not None


def _is_germanic_street(value: str) -> bool:
    """A street whose word is no English one ("during 7", "Monitoring 24")."""
    return _is_street(value) and not traits_of(_words(value)[-1]) & Trait.WORD


def _has_number(value: str) -> bool:
    return _NUMBER.search(value) is not None and not _DOSE.search(value)


def _is_town_with_code(value: str) -> bool:
    """Whether the last word is a town, or at least no ordinary word ("2000 IU Vitamin")."""
    return bool(traits_of(_words(value)[-1]) & Trait.CITY) or not traits_of(_words(value)[-1]) & Trait.WORD


def _is_town_with_state(value: str) -> bool:
    """In any case, so that a state which is a word ("daily, or 50000") needs a town that is none."""
    town, _, state = value.rpartition(",")
    if not traits_of(state.split()[0]) & Trait.COMMON:
        return True
    traits = traits_of(folded(town)) or traits_of(_words(town)[-1])
    return bool(traits & Trait.CITY) and not traits & Trait.COMMON


def _has_town(value: str) -> bool:
    return any(traits_of(word) & Trait.CITY for word in _words(value))


def _has_no_word(value: str) -> bool:
    return not any(traits_of(word) & Trait.WORD for word in _words(value))


def _begins_with_no_word(value: str) -> bool:
    return _has_no_word(" ".join(_words(value)[:1]))


def _has_a_name(value: str) -> bool:
    return not _DOSE.search(value) and any(not traits_of(word) & Trait.COMMON for word in _words(value))


@dataclass(frozen=True, slots=True)
class _Form:
    """A way to write an address; `holds` refuses what only looks like it."""

    pattern: re.Pattern[str]
    holds: Callable[[str], bool]
    evidence: Evidence
    extends: bool
    """Units, towns and postcodes may follow."""
    group: int = 0


_FORMS = (
    _Form(forms.STREET, _is_street, Evidence.CERTAIN, extends=True),
    _Form(forms.STREET_WITH_CAPITAL, _is_street, Evidence.CERTAIN, extends=True),
    _Form(forms.GERMANIC, _is_germanic_street, Evidence.CERTAIN, extends=True),
    _Form(forms.GERMAN_SPACED, _is_street, Evidence.CERTAIN, extends=True),
    _Form(forms.HUNGARIAN, _is_street, Evidence.CERTAIN, extends=True),
    _Form(forms.ROMANCE, _is_street, Evidence.CERTAIN, extends=True),
    _Form(forms.ROMANCE_LOWER, _is_street, Evidence.CERTAIN, extends=True),
    _Form(forms.BOX, _is_street, Evidence.CERTAIN, extends=True),
    _Form(forms.UNIT_LINE, _is_street, Evidence.CERTAIN, extends=True),
    _Form(forms.CORNER, _is_corner, Evidence.CERTAIN, extends=True),
    _Form(forms.CITY_STATE_ZIP, _always, Evidence.CERTAIN, extends=False),
    _Form(forms.CITY_STATE_ZIP_LOWER, _is_town_with_state, Evidence.CERTAIN, extends=False),
    _Form(forms.DUTCH_POSTCODE, _is_town_with_code, Evidence.CERTAIN, extends=False),
    _Form(forms.POSTCODE_CERTAIN, _always, Evidence.CERTAIN, extends=False),
    _Form(forms.POSTCODE_CITY, _has_town, Evidence.LIKELY, extends=False),
    _Form(forms.CITY_PIN, _has_town, Evidence.LIKELY, extends=False),
    _Form(forms.NUMBERED, _has_no_word, Evidence.LIKELY, extends=True),
    _Form(forms.AT, _has_a_name, Evidence.LIKELY, extends=True, group=1),
    _Form(forms.IN_TOWN, _begins_with_no_word, Evidence.LIKELY, extends=False, group=1),
    _Form(forms.UNIT, _always, Evidence.LIKELY, extends=True),
    _Form(forms.LABELLED_CODE, _always, Evidence.CERTAIN, extends=False, group=1),
    _Form(forms.LABELLED, _has_number, Evidence.LIKELY, extends=False, group=1),
)
_NUMBER = re.compile(r"(?<![^\W_ºª])\d")
_DOSE = re.compile(
    r"\d\s?(?:mg|mcg|ml|(?-i:g)|units?|iu|%|mmol|tablets?|puffs?|times|days?|weeks?|months?|years?|hours?|minutes?)\b",
    re.I,
)


def _is_named_street(value: str) -> bool:
    words = value.split()
    return not all(traits_of(word) & Trait.COMMON and not traits_of(word) & Trait.NAME for word in words[:-1])


def _extended(text: str, start: int, end: int, evidence: Evidence) -> Candidate:
    """A street with the numbers before it, and the units, towns and postcodes after it."""
    left = forms.LEFT.search(text, max(0, start - 24), start)
    if left is not None:
        start = left.start()
    weak = forms.WEAK_STREET.search(text[start:end]) is not None
    placed = False
    for _ in range(_LONGEST_TAIL):
        match = forms.TAIL.match(text, end)
        if match is None or not _is_part(match.group()) or _is_amount(text, match.end()):
            break
        end = match.end()
        placed |= _has_town(match.group()) or _POSTCODE.search(match.group()) is not None
    if weak and not placed:
        lived_in = forms.DWELLING.search(text, max(0, start - 30), start)
        evidence = Evidence.LIKELY if lived_in else Evidence.POSSIBLE
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
_IN = re.compile(r"\b(?:in|near|outside|at|to|from|around)\s+$", re.IGNORECASE)
_FROM = re.compile(r"\bfrom\s+$", re.IGNORECASE)


def _towns(source: Text) -> Iterator[Candidate]:
    """Towns by name, after a word of place; unknown ones only where somebody lives."""
    text, tokens = source.text, source.tokens
    for index, token in enumerate(tokens):
        capital = token.capital and token.cased
        if not capital and not token.has(Trait.CITY):
            continue
        before = text[max(0, token.start - 30) : token.start]
        dwelling = forms.DWELLING.search(before) is not None
        end, known = _town(text, tokens, index)
        if _is_region(text, token, end) or (token.opens and not dwelling) or token.has(Trait.ORGANISATION_NOUN):
            continue
        if (
            token.initial
            or token.camel
            or (token.shouted and token.cased)
            or token.folded in NEVER
            or token.folded in source.eponyms
        ):
            continue
        lived_in = dwelling and not token.has(Trait.WORD) and (known or not _FROM.search(before))
        been_to = capital and known and not token.has(Trait.COMMON | Trait.EPONYM) and _IN.search(before)
        if lived_in or been_to:
            yield Candidate(token.start, end, "ADDRESS", Evidence.LIKELY)


def _is_region(text: str, token: Token, end: int) -> bool:
    """Whether a word or the words up to `end` name a country or a state, which are too large to identify anybody."""
    return token.has(Trait.REGION) or bool(traits_of(text[token.start : end]) & Trait.REGION)


def _town(text: str, tokens: Sequence[Token], index: int) -> tuple[int, bool]:
    """End of the longest listed town that begins at a word, and whether there is one."""
    end, known = tokens[index].end, tokens[index].has(Trait.CITY)
    for width in (3, 2):
        rest = tokens[index : index + width]
        if len(rest) == width and all(text[a.end : b.start] in {" ", "-"} for a, b in pairwise(rest)):
            phrase = " ".join(folded(token.text) for token in rest)
            if traits_of(phrase) & (Trait.CITY | Trait.REGION):
                return rest[-1].end, bool(traits_of(phrase) & Trait.CITY)
    return end, known
