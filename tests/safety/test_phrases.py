"""The index of phrases beside trying each of them at each word, and plain letters beside their definition."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from medgenius.safety.phrases import PhraseIndex, Sequence, Span, parse
from medgenius.safety.readings import without_disguise
from medgenius.safety.rules import FINDINGS
from medgenius.safety.words import Words, plain, split_words
from tests.safety.support import messages

_SEQUENCES = tuple(
    dict.fromkeys(
        sequence for finding in FINDINGS for line in finding.phrases.strip().splitlines() for sequence in parse(line)
    )
)
_WORDS = sorted({word for sequence in _SEQUENCES for slot in sequence.slots for word in slot.words} - {"#", "##"})


def _index() -> tuple[PhraseIndex, tuple[int, ...]]:
    index = PhraseIndex()
    return index, index.add(_SEQUENCES)


_INDEX, _NUMBERS = _index()


def _tried_everywhere(words: Words) -> dict[Sequence, list[Span]]:
    found: dict[Sequence, list[Span]] = {}
    for sequence in _SEQUENCES:
        for start, token in enumerate(words.tokens):
            if sequence.slots[0].fits(token) and (span := sequence.match(words, start)):
                found.setdefault(sequence, []).append(span)
    return found


def _found(words: Words) -> dict[Sequence, list[Span]]:
    sequences = dict(zip(_NUMBERS, _SEQUENCES, strict=True))
    return {sequences[number]: spans for number, spans in _INDEX.find(words).items()}


def test_the_index_finds_in_the_labelled_messages_what_trying_everything_finds() -> None:
    texts = [str(row["text"]) for row in messages("tuning")[:120]]
    found = [_found(split_words(plain(text))) for text in texts]

    assert found == [_tried_everywhere(split_words(plain(text))) for text in texts]
    assert sum(map(len, found)) > 200


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from([*_WORDS, "my", "is", "not", "very", "12", "3", ".", ","]), max_size=30))
def test_the_index_finds_in_any_words_what_trying_everything_finds(tokens: list[str]) -> None:
    words = split_words(" ".join(tokens))

    assert _found(words) == _tried_everywhere(words)


@given(st.text() | st.text(st.characters(max_codepoint=127)))
def test_plain_letters_are_the_compatible_forms_of_those_that_are_seen(text: str) -> None:
    straight = unicodedata.normalize("NFKC", text)
    seen = [letter for letter in straight if letter in "\n\t\r" or unicodedata.category(letter) not in {"Cc", "Cf"}]

    assert without_disguise(text) == "".join(seen)
