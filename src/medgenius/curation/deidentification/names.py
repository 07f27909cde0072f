"""Names of persons, by the lists of names and by what stands around them."""

from collections.abc import Iterator, Sequence

from medgenius.curation.deidentification.introduced_names import find_introduced
from medgenius.curation.deidentification.lexicon import Trait
from medgenius.curation.deidentification.name_contexts import CONNECTED, NEVER, SURELY_AFTER
from medgenius.curation.deidentification.name_evidence import evidence_of
from medgenius.curation.deidentification.spans import Candidate, Evidence
from medgenius.curation.deidentification.tokens import Text, Token


def find_names(source: Text) -> Iterator[Candidate]:
    """Candidates of kind PERSON; they may overlap."""
    yield from find_introduced(source)
    for run in _runs(source):
        evidence = evidence_of(source, run)
        if evidence:
            start = _surname_first(source, run[0])
            yield Candidate(start, _end_with_surname(source, run[-1]), "PERSON", Evidence(evidence))


def _surname_first(source: Text, given: Token) -> int:
    """Start of a name written "Surname, Given" whose given name is known."""
    if given.index and given.has(Trait.FIRST_NAME):
        surname = source.tokens[given.index - 1]
        between = source.text[surname.end : given.start]
        unlikely = Trait.COMMON if surname.shouted else Trait.COMMON | Trait.FIRST_NAME  # "Anna, Maria" are two
        if between == ", " and surname.capital and surname.has(Trait.SURNAME) and not surname.has(unlikely):
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


def _runs(source: Text) -> Iterator[list[Token]]:
    """Longest rows of words that may each be part of a name, without the ordinary words at their ends."""
    run: list[Token] = []
    tokens = source.tokens
    for index, token in enumerate(tokens):
        joined = bool(run) and source.joined(run[-1], token)
        if run and not joined:
            yield from _trimmed(run)
            run = []
        inside = bool(run) and token.folded in CONNECTED and index + 1 < len(tokens) and _namelike(tokens[index + 1])
        surname = bool(run) and token.has(Trait.SURNAME) and _in_the_case_of(token, run[-1])
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


def _in_the_case_of(surname: Token, given: Token) -> bool:
    """Whether a surname that may be an ordinary word has a capital, or is in capitals as a known given name is."""
    if not surname.shouted:
        return surname.capital
    return surname.cased and given.shouted and given.has(Trait.FIRST_NAME) and not surname.has(Trait.MEDICAL_NOUN)


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
