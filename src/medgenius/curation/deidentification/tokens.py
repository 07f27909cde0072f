"""Words of a text with their place, case and traits."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from medgenius.curation.deidentification.lexicon import Trait, folded, traits_of

_WORD = re.compile(r"(?<![^\W\d_]['’])[^\W\d_]+(?:['’\-](?!s\b|S\b)[^\W\d_]+)*")
_NAME_PREFIX = re.compile(r"^(?:Ma?c|De|Di|Du|La|Le|Van|Fitz|Da|Al|El|Ó|O)(?=[A-Z])")
_SENTENCE_END = re.compile(r"[.!?:;\n•*\]\"“(>]\s*$|(?:^|\s)[-–—]\s*$")
_CLAUSE = re.compile(r"[^.!?\n]+")


@dataclass(frozen=True, slots=True)
class Token:
    """One word. `folded` is the key of the lists; case is as in the text."""

    index: int
    """Place among the words of the text."""
    text: str
    folded: str
    start: int
    end: int
    traits: int
    opens: bool
    """First of a sentence, a line or a quotation, where a capital says nothing."""
    cased: bool
    """Stands among lower-case words, so that a capital says something."""

    @property
    def capital(self) -> bool:
        return self.text[0].isupper()

    @property
    def shouted(self) -> bool:
        return len(self.text) > 1 and self.text.isupper()

    @property
    def camel(self) -> bool:
        """Capitals inside, as in PubMed or IgE but not in McDonald or O'Brien."""
        inner = _NAME_PREFIX.sub("", self.text)
        return not self.text.isupper() and any(part[1:] != part[1:].lower() for part in re.split("[-'’]", inner))

    @property
    def initial(self) -> bool:
        return len(self.text) == 1 and self.text.isupper()

    def has(self, trait: Trait) -> bool:
        return bool(self.traits & trait)


def tokens_of(text: str) -> list[Token]:
    """All words in order. Offsets are characters of `text`."""
    found = list(_WORD.finditer(text))
    cased = _cased_clauses(text)
    tokens: list[Token] = []
    clause = 0
    for match in found:
        while clause < len(cased) - 1 and cased[clause][0] <= match.start():
            clause += 1
        word, start = match.group(), match.start()
        before = text[max(0, start - 4) : start]
        opens = start == 0 or (not before.strip() and "\n" in before) or bool(_SENTENCE_END.search(before))
        tokens.append(
            Token(len(tokens), word, folded(word), start, match.end(), traits_of(word), opens, cased[clause][1])
        )
    return tokens


def _cased_clauses(text: str) -> list[tuple[int, bool]]:
    """End of each clause, and whether most of its words begin in lower case while some word has a capital.

    A heading in title case and a line in capitals are not cased, nor is a transcript without any capitals.
    """
    clauses: list[tuple[int, bool]] = []
    for match in _CLAUSE.finditer(text):
        words = [word for word in match.group().split() if word[0].isalpha()]
        capitals = sum(word[0].isupper() for word in words)
        long = [word for word in words if len(word) > 3]
        headed = len(long) >= 3 and sum(word[0].isupper() for word in long) > 0.8 * len(long)
        clauses.append((match.end(), capitals > 0 and not headed and not match.group().isupper()))
    return clauses or [(len(text), False)]


@dataclass(frozen=True, slots=True)
class Text:
    """A text, its words, and the names that it uses as eponyms (folded)."""

    text: str
    tokens: Sequence[Token]
    eponyms: frozenset[str]
    written_small: frozenset[str]
    """Unlisted words (folded) that the text also writes without a capital, where others have one: no names."""
    german: bool
    """German writes all nouns with a capital, which therefore says nothing."""

    def joined(self, left: Token, right: Token) -> bool:
        """Whether two words stand side by side as in a name; a full stop may follow an initial."""
        between = self.text[left.end : right.start]
        if between in {". ", "."}:
            return left.initial
        return between in {" ", "-", "  ", "\t"}
