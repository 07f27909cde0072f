"""Names that directly follow a title or a label."""

import re
from collections.abc import Iterator

from medgenius.curation.deidentification.lexicon import Trait
from medgenius.curation.deidentification.name_contexts import CONNECTED, LABEL, NAMING, NEVER, SOFT_TITLE, TITLE
from medgenius.curation.deidentification.name_evidence import LONGEST, is_something_else
from medgenius.curation.deidentification.spans import Candidate, Evidence
from medgenius.curation.deidentification.tokens import Text, Token

_NAMES_AFTER_A_TITLE = frozenset({"will", "may", "june", "april", "august", "jesus", "christ"})
"""Words that are no names alone, but in "Mrs May"."""

_CLOSES = re.compile(
    r"\s*(?:$|[.,;:!?\n()\[]|(?:and|but|i|i['’]?m|my|from|who|is|was|has|says?|said|dob|mrn|aged?|born|\d+)\b)",
    re.IGNORECASE,
)
"""What follows a whole name."""


def find_introduced(source: Text) -> Iterator[Candidate]:
    """Candidates of kind PERSON after "Dr", "Name:", "my name is" and the like; any capitalised word may be one."""
    yield from _introduced(source, TITLE, Evidence.CERTAIN, loose=True)
    yield from _introduced(source, LABEL, Evidence.CERTAIN, loose=True)
    yield from _introduced(source, NAMING, Evidence.CERTAIN, loose=True)
    yield from _introduced(source, SOFT_TITLE, Evidence.LIKELY, loose=False)


def _introduced(source: Text, context: re.Pattern[str], evidence: Evidence, *, loose: bool) -> Iterator[Candidate]:
    """Names that directly follow a title or a label."""
    starts = {token.start: index for index, token in enumerate(source.tokens)}
    for match in context.finditer(source.text):
        index = starts.get(match.end())
        if index is None:
            continue
        titled = len(match.group().rstrip(". ")) < 5
        name = _following(source, index, loose=loose, titled=titled)
        if name and (context is TITLE or not is_something_else(source, name)):
            yield Candidate(name[0].start, name[-1].end, "PERSON", evidence)


def _following(source: Text, index: int, *, loose: bool, titled: bool) -> list[Token]:
    """The words of a name that begins at a word; empty where none does."""
    name: list[Token] = []
    for token in source.tokens[index : index + LONGEST]:
        if name and not source.joined(name[-1], token):
            break
        if (
            (token.folded in CONNECTED and not token.shouted and (not name or _continues(source, name, token)))
            or (loose and name and _is_surname(source, name[-1], token))
            or _may_follow(token, first=not name, loose=loose, titled=titled, capitals=bool(name) and name[0].capital)
        ):
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


def _is_surname(source: Text, given: Token, token: Token) -> bool:
    """Whether a word in lower case that is a surname too ("david brown") ends a name that a listed one began."""
    named = given.has(Trait.FIRST_NAME) and not given.has(Trait.COMMON) and not given.capital and not token.capital
    listed = token.has(Trait.SURNAME) and token.folded not in NEVER and not token.has(Trait.MEDICAL_NOUN)
    return named and listed and _CLOSES.match(source.text, token.end) is not None


def _may_follow(token: Token, *, first: bool, loose: bool, titled: bool, capitals: bool) -> bool:  # noqa: PLR0911 (a list of cases)
    """Whether a word can be part of a name after a title or a label."""
    titled_name = token.folded in _NAMES_AFTER_A_TITLE and token.capital and token.cased and first and loose
    if token.folded in NEVER and not titled_name:
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
