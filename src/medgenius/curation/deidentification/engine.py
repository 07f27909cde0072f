"""Find and replace until nothing more is found, so that a second run changes nothing."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from medgenius.curation.deidentification.addresses import find_addresses
from medgenius.curation.deidentification.contact import find_contact
from medgenius.curation.deidentification.dates import find_dates
from medgenius.curation.deidentification.identifiers import find_identifiers
from medgenius.curation.deidentification.lexicon import Trait, traits_of
from medgenius.curation.deidentification.name_contexts import CONNECTED, NEVER, REFERENCE
from medgenius.curation.deidentification.name_evidence import makes_an_eponym
from medgenius.curation.deidentification.names import find_names
from medgenius.curation.deidentification.organisations import find_organisations
from medgenius.curation.deidentification.spans import KINDS, Candidate, Evidence, Span, merged
from medgenius.curation.deidentification.surrogates import Surrogates, surrogate_pattern
from medgenius.curation.deidentification.tokens import Text, Token, tokens_of

Style = Literal["placeholder", "surrogate"]
Caution = Literal["low", "balanced", "high"]
_LEAST: dict[Caution, Evidence] = {
    "low": Evidence.CERTAIN,
    "balanced": Evidence.LIKELY,
    "high": Evidence.POSSIBLE,
}
_PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(KINDS)})\]")
_EPONYM_JOINS = frozenset({" ", "-", "–", "/", " - ", "'s ", "’s ", "' "})
_HIDDEN = "\N{OBJECT REPLACEMENT CHARACTER}"

_GERMAN = re.compile(r"\b(?:und|der|die|das|ist|nicht|mit|von|wurde|bei|eine[rmn]?|ich|sie|auf|für)\b", re.IGNORECASE)


def candidates_of(text: str, names: Iterable[str]) -> list[Candidate]:
    """All candidates of a text, with those names (folded) that its dialogue is known to hold."""
    tokens = tokens_of(text)
    small = frozenset(token.folded for token in tokens if not token.traits and token.cased and not token.capital)
    german = len(_GERMAN.findall(text)) > max(2, len(tokens) // 12)
    source = Text(text, tokens, _eponyms(text, tokens), small, german)
    found = list(find_names(source))
    found += find_identifiers(text)  # before telephone numbers, which look alike
    found += find_contact(text)
    found += find_dates(text)
    found += find_addresses(source)
    found += find_organisations(text)
    found += _known_names(source, frozenset(names))
    return found


def _eponyms(text: str, tokens: Sequence[Token]) -> frozenset[str]:
    """Capitalised words that the text uses in front of a medical noun ("Tarlov cysts", "Lambert Eaton syndrome")."""
    eponyms: set[str] = set()
    for noun in tokens:
        if not noun.has(Trait.MEDICAL_NOUN):
            continue
        right, skipped = noun, 0
        if noun.index and not makes_an_eponym(before := tokens[noun.index - 1], text[before.end : noun.start], noun):
            continue
        for left in reversed(tokens[max(0, noun.index - 5) : noun.index]):
            gap = text[left.end : right.start]
            if gap not in _EPONYM_JOINS or (gap.strip() in {"'s", "’s", "'"} and right is not noun):
                break
            if left.capital and left.folded not in NEVER and not left.has(Trait.COMMON):
                eponyms |= {left.folded, *left.folded.split("-")}
            elif left.folded not in CONNECTED:
                skipped += 1
            if skipped > 1:
                break
            right = left
    return frozenset(eponyms)


def _known_names(source: Text, names: frozenset[str]) -> Iterable[Candidate]:
    """Words that were part of a name elsewhere in the dialogue."""
    for token in source.tokens:
        meant = token.folded in names and token.folded not in source.eponyms
        if meant and (token.capital or not token.has(Trait.WORD)) and not REFERENCE.match(source.text, token.end):
            yield Candidate(token.start, token.end, "PERSON", Evidence.LIKELY)


@dataclass(frozen=True, slots=True)
class Deidentified:
    """A text without what identifies a person. Outside of the spans it is the input, character by character."""

    text: str
    spans: tuple[Span, ...]
    """Parts of the input that were replaced, in order, without overlaps; offsets are characters of the input."""


def deidentify_parts(parts: Sequence[str], style: Style, caution: Caution) -> list[Deidentified]:
    """The texts of one dialogue, which share their surrogates; a name found in one of them is known in all.

    Runs until nothing more is found. Therefore the result of its own result is the same text: the first round of a
    second run sees what the last round of the first saw. It ends because each round replaces more of the input.
    """
    surrogates = Surrogates("\0".join(parts))
    least = _LEAST[caution]
    spans: list[list[Span]] = [[] for _ in parts]
    names: set[str] = set()
    pending = set(range(len(parts)))
    texts = list(parts)
    while pending:
        known = len(names)
        for place in sorted(pending):
            pieces = _pieces(parts[place], spans[place], style, surrogates)
            texts[place] = "".join(piece for _, piece in pieces)
            new = _new_spans(texts[place], names, least)
            names |= _names_in(texts[place], new)
            spans[place] = sorted(spans[place] + _in_input(new, pieces), key=lambda span: span.start)
            if not new:
                pending.discard(place)
        if len(names) > known:
            pending = set(range(len(parts)))
    return [Deidentified(text, tuple(found)) for text, found in zip(texts, spans, strict=True)]


def _new_spans(text: str, names: set[str], least: Evidence) -> list[Span]:
    """Spans outside of placeholders and surrogates, which are hidden from the recognisers."""
    hidden = _PLACEHOLDER.sub(_blank, text)
    hidden = surrogate_pattern().sub(_blank, hidden)
    found = merged(candidates_of(hidden, names), least)
    return [span for span in found if _HIDDEN not in hidden[span.start : span.end]]


def _blank(match: re.Match[str]) -> str:
    return _HIDDEN * len(match.group())


def _names_in(text: str, spans: Iterable[Span]) -> set[str]:
    """Words of names, folded, that may be met again alone."""
    words = {
        token.folded for span in spans if span.kind == "PERSON" for token in tokens_of(text[span.start : span.end])
    }
    return {
        word
        for word in words
        if len(word) > 2 and not traits_of(word) & (Trait.COMMON | Trait.EPONYM) and word not in CONNECTED
    }


def _pieces(text: str, spans: Sequence[Span], style: Style, surrogates: Surrogates) -> list[tuple[int, str]]:
    """The text with its spans replaced, in pieces, each with its start in the input; -1 for a replacement."""
    pieces: list[tuple[int, str]] = []
    end = 0
    for span in spans:
        value = text[span.start : span.end]
        replaced = f"[{span.kind}]" if style == "placeholder" else surrogates.replacement(span.kind, value)
        pieces += [(end, text[end : span.start]), (-1, replaced)]
        end = span.end
    return [*pieces, (end, text[end:])]


def _in_input(spans: Sequence[Span], pieces: Sequence[tuple[int, str]]) -> list[Span]:
    """Spans of a text in pieces, with the offsets that they have in the input."""
    moved: list[Span] = []
    waiting = iter(spans)
    span = next(waiting, None)
    offset = 0
    for start, piece in pieces:
        while span is not None and span.start < offset + len(piece):
            moved.append(Span(start + span.start - offset, start + span.end - offset, span.kind))
            span = next(waiting, None)
        offset += len(piece)
    return moved
