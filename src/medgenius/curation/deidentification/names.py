"""Names of persons: by what stands before and after them, and by the lists of names."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from medgenius.curation.deidentification.lexicon import Trait, traits_of
from medgenius.curation.deidentification.name_contexts import (
    AFTER,
    BEFORE,
    CITED,
    CONNECTED,
    CREDENTIAL,
    LABEL,
    MONTHS,
    NAMING,
    NEVER,
    REFERENCE,
    SOFT_TITLE,
    SPEAKER,
    SURELY_AFTER,
    TITLE,
)
from medgenius.curation.deidentification.spans import Candidate, Evidence
from medgenius.curation.deidentification.tokens import Token

_COORDINATION = re.compile(r",\s|,?\s(?:and|&|y|und|et|e)\s")
_LONGEST = 5
"""Words of one name."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text, its words, and the names that it uses as eponyms (folded)."""

    text: str
    tokens: Sequence[Token]
    eponyms: frozenset[str]
    german: bool
    """German writes all nouns with a capital, which therefore says nothing."""


def find_names(source: Text) -> Iterator[Candidate]:
    """Candidates of kind PERSON; they may overlap."""
    yield from _introduced(source, TITLE, Evidence.CERTAIN, loose=True)
    yield from _introduced(source, LABEL, Evidence.CERTAIN, loose=True)
    yield from _introduced(source, NAMING, Evidence.CERTAIN, loose=True)
    yield from _introduced(source, SOFT_TITLE, Evidence.LIKELY, loose=False)
    for run in _runs(source):
        evidence = _judged(source, run)
        if evidence:
            start = _surname_first(source, run[0])
            yield Candidate(start, _end_with_surname(source, run[-1]), "PERSON", Evidence(evidence))


def _surname_first(source: Text, given: Token) -> int:
    """Start of a name written "Surname, Given" whose given name is known."""
    if given.index and given.has(Trait.FIRST_NAME):
        surname = source.tokens[given.index - 1]
        between = source.text[surname.end : given.start]
        if between == ", " and surname.capital and surname.has(Trait.SURNAME) and not surname.has(Trait.WORD):
            return surname.start
    return given.start


def _end_with_surname(source: Text, last: Token) -> int:
    """End of a name in lower case with a surname that is a word too, if what follows speaks of a person."""
    if last.index + 1 < len(source.tokens) and last.has(Trait.FIRST_NAME):
        surname = source.tokens[last.index + 1]
        named = surname.has(Trait.SURNAME) and surname.folded not in NEVER and surname.capital == last.capital
        if named and source.text[last.end : surname.start] == " " and SURELY_AFTER.match(source.text, surname.end):
            return surname.end
    return last.end


def _introduced(source: Text, context: re.Pattern[str], evidence: Evidence, *, loose: bool) -> Iterator[Candidate]:
    """Names that directly follow a title or a label."""
    starts = {token.start: index for index, token in enumerate(source.tokens)}
    for match in context.finditer(source.text):
        index = starts.get(match.end())
        if index is None:
            continue
        titled = len(match.group().rstrip(". ")) < 5
        name = _following(source, index, loose=loose, titled=titled)
        if name and (context is TITLE or not _is_something_else(source, name)):
            yield Candidate(name[0].start, name[-1].end, "PERSON", evidence)


def _following(source: Text, index: int, *, loose: bool, titled: bool) -> list[Token]:
    """The words of a name that begins at a word; empty where none does."""
    name: list[Token] = []
    for token in source.tokens[index : index + _LONGEST]:
        if name and not _joined(source.text, name[-1], token):
            break
        if token.folded in CONNECTED and not token.shouted and (not name or _continues(source, name, token)):
            name.append(token)
        elif _may_follow(token, first=not name, loose=loose, titled=titled, capitals=bool(name) and name[0].capital):
            name.append(token)
        else:
            break
    while name and name[-1].folded in CONNECTED and not name[-1].has(Trait.SURNAME):
        name.pop()
    if name and all(token.initial or token.folded in NEVER for token in name):
        return []
    return name


def _continues(source: Text, name: list[Token], particle: Token) -> bool:
    """Whether a word with a capital or a listed name comes after a particle."""
    if particle.index + 1 >= len(source.tokens):
        return False
    after = source.tokens[particle.index + 1]
    return after.folded in CONNECTED or (after.capital if name[0].capital else after.has(Trait.NAME))


def _may_follow(token: Token, *, first: bool, loose: bool, titled: bool, capitals: bool) -> bool:
    """Whether a word can be part of a name after a title or a label."""
    if token.folded in NEVER and not (token.folded == "will" and token.capital and token.cased and first and loose):
        return False
    if token.has(Trait.MEDICAL_NOUN) or (token.has(Trait.ORGANISATION_NOUN) and not token.has(Trait.SURNAME)):
        return False
    if token.initial:
        return True
    if token.camel or (token.shouted and token.cased and not token.has(Trait.NAME)):
        return False
    if token.shouted and not first and loose and not token.cased:
        return not token.has(Trait.WORD) or token.has(Trait.NAME)
    if token.capital and token.cased and (first or capitals):
        return loose or not token.has(Trait.WORD) or token.has(Trait.NAME)
    if capitals and token.cased:
        return False
    if first and loose:
        return not token.has(Trait.COMMON) or (token.has(Trait.SURNAME) and titled and len(token.folded) > 3)
    return token.has(Trait.NAME) and not token.has(Trait.WORD)


def _joined(text: str, left: Token, right: Token) -> bool:
    between = text[left.end : right.start]
    if between == ". ":
        return left.initial
    return between in {" ", "-", "  ", "\t"} or (between == "." and left.initial)


def _runs(source: Text) -> Iterator[list[Token]]:
    """Longest rows of words that may each be part of a name, without the ordinary words at their ends."""
    run: list[Token] = []
    tokens = source.tokens
    for index, token in enumerate(tokens):
        joined = bool(run) and _joined(source.text, run[-1], token)
        if run and not joined:
            yield from _trimmed(run)
            run = []
        inside = bool(run) and token.folded in CONNECTED and index + 1 < len(tokens) and _namelike(tokens[index + 1])
        surname = bool(run) and token.capital and not token.shouted and token.has(Trait.SURNAME)
        if (
            (surname and token.folded not in NEVER)
            or _namelike(token)
            or inside
            or (token.initial and token.cased and _neighbours(tokens, index))
        ):
            run.append(token)
        else:
            yield from _trimmed(run)
            run = []
    yield from _trimmed(run)


def _neighbours(tokens: Sequence[Token], index: int) -> bool:
    if tokens[index].text == "I" and not (index and _namelike(tokens[index - 1])):
        return False
    return any(_namelike(other) for other in tokens[max(0, index - 1) : index + 2] if not other.initial)


def _namelike(token: Token) -> bool:
    """Whether a word may be part of a name by its own form."""
    if len(token.text) < 2 or token.folded in NEVER or token.camel:
        return False
    if token.has(Trait.MEDICAL_NOUN):
        return False
    if token.capital and token.cased and not token.shouted:
        return not (token.opens and token.has(Trait.WORD) and not token.has(Trait.NAME))
    if token.shouted and token.cased:
        return token.has(Trait.NAME) and not token.has(Trait.WORD) and len(token.text) > 3
    unknown = token.capital and not token.shouted
    return (unknown or token.has(Trait.NAME)) and not token.has(Trait.WORD)


def _trimmed(run: list[Token]) -> Iterator[list[Token]]:
    """A run without ordinary words at its ends that are not names."""
    first, last = 0, len(run)
    while first < last and (_plain(run[first]) or run[first].folded in CONNECTED):
        first += 1
    while last > first and (_plain(run[last - 1]) or run[last - 1].folded in CONNECTED):
        last -= 1
    if first < last and not all(token.initial for token in run[first:last]):
        yield run[first:last]


def _plain(token: Token) -> bool:
    return token.has(Trait.WORD) and not token.has(Trait.NAME)


def _judged(source: Text, run: list[Token]) -> int:
    """Evidence that a run is a person, 0 for none."""
    text, start, end = source.text, run[0].start, run[-1].end
    if _is_something_else(source, run):
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


def _coordinated(source: Text, run: list[Token]) -> bool:
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


def _is_something_else(source: Text, run: list[Token]) -> bool:
    """An eponym, an institution, a place or a work by what stands next to it."""
    if _leads_to_a_noun(source, run[-1]) or REFERENCE.match(source.text, run[-1].end):
        return True
    if CITED.search(source.text[max(0, run[0].start - 60) : run[0].start]):
        return True
    words = [token for token in run if not token.initial and token.folded not in CONNECTED]
    if any(token.has(Trait.ORGANISATION_NOUN) and not token.has(Trait.SURNAME) for token in words):
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


def _leads_to_a_noun(source: Text, last: Token) -> bool:
    """Whether a medical noun comes next, or an institution at the end of a row of capitals."""
    left = last
    for right in source.tokens[last.index + 1 : last.index + 5]:
        gap = source.text[left.end : right.start]
        if gap.strip(" -–/.,") and gap not in {"'s ", "’s ", "' "}:
            return False
        if right.index == last.index + 1 and (right.has(Trait.MEDICAL_NOUN) or right.folded.endswith(_MEDICAL_ENDINGS)):
            return True
        if right.has(Trait.ORGANISATION_NOUN) and right.capital and "," not in gap:
            return True
        if not right.capital or "," in gap:
            return False
        left = right
    return False


_MEDICAL_ENDINGS = ("itis", "osis", "opathy", "emia", "aemia", "trophy", "plasia", "oma", "omas", "plasty", "ectomy")


def _ordinary(token: Token) -> bool:
    """Whether a word is an ordinary one in its case: a capital takes the doubt from a rare word that is a name."""
    if token.capital and not token.shouted and token.has(Trait.NAME):
        return token.has(Trait.COMMON)
    return token.has(Trait.WORD)


def _several(run: list[Token], source: Text) -> int:
    """Evidence of a run of two or more words."""
    names = [token for token in run if not token.initial and token.folded not in CONNECTED]
    if len(names) == 1:
        evidence = _single(names[0], source, 0)
        return min(evidence + 1, Evidence.CERTAIN) if evidence else 0
    first, last = names[0], names[-1]
    plain = sum(_ordinary(token) for token in names)
    known = sum(token.has(Trait.NAME) for token in names)
    if len(run) > _LONGEST or (len(names) > 2 and plain > len(names) // 2):
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


def _single(token: Token, source: Text, context: int) -> int:
    """Evidence of one word; `context` counts the signs around it that speak for a person."""
    word, first, surname = token.has(Trait.WORD), token.has(Trait.FIRST_NAME), token.has(Trait.SURNAME)
    if token.folded in source.eponyms or token.has(Trait.REGION) or (len(token.text) < 3 and not first):
        return 0
    if not token.capital or (token.shouted and not token.cased):
        return Evidence.LIKELY if first and not word and len(token.folded) > 3 else 0
    if token.has(Trait.EPONYM):
        return Evidence.POSSIBLE if context else 0
    if first and not token.has(Trait.COMMON):
        return Evidence.POSSIBLE if (word or token.has(Trait.PLACE)) and not context else Evidence.LIKELY
    if word:
        named = (first or surname) and context and not token.opens and token.folded not in MONTHS
        return Evidence.POSSIBLE if named else 0
    if not token.cased or source.german:
        return Evidence.POSSIBLE if context and surname else 0
    if surname and not token.opens:
        return Evidence.LIKELY
    return Evidence.POSSIBLE if context or not token.opens else 0
