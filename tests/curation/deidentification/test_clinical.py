"""The figures on the labelled clinical set, which the documents promise; the held-out part was not tuned on."""

import re
from collections.abc import Sequence

import pytest

from medgenius.curation import deidentify
from medgenius.curation.deidentification.engine import Caution
from medgenius.curation.deidentification.spans import KINDS
from tests.curation.deidentification.labelled import Sentence, Value, read

SENTENCES = read()
NUMBERS = {"MEDICAL_RECORD_NUMBER", "INSURANCE_ID", "NATIONAL_ID", "CREDIT_CARD", "IBAN", "PASSPORT", "LICENCE"}


def of_part(part: str) -> list[Sentence]:
    return [sentence for sentence in SENTENCES if sentence.part == part]


def redacted(text: str, caution: Caution) -> set[int]:
    """Places of the characters that were replaced."""
    spans = deidentify(text, caution=caution).spans
    return {place for span in spans for place in range(span.start, span.end)}


def leaks(sentences: Sequence[Sentence], caution: Caution = "balanced") -> list[tuple[Sentence, Value, bool]]:
    """Every value, and whether any letter or digit of it still stands."""
    found: list[tuple[Sentence, Value, bool]] = []
    for sentence in sentences:
        gone = redacted(sentence.text, caution)
        for value in sentence.values:
            left = [p for p in range(value.start, value.end) if sentence.text[p].isalnum() and p not in gone]
            found.append((sentence, value, bool(left)))
    return found


def share(found: Sequence[tuple[Sentence, Value, bool]]) -> float:
    return sum(leaked for _, _, leaked in found) / len(found)


def test_the_set_is_as_large_and_varied_as_the_documents_say() -> None:
    forms = {sentence.form for sentence in SENTENCES}

    assert len(SENTENCES) >= 320
    assert sum(not sentence.values for sentence in SENTENCES) >= 80
    assert {"lower case", "capitals", "typos", "ambiguous", "locales"} <= forms
    assert len(of_part("held_out")) >= len(SENTENCES) // 4
    assert {value.kind for sentence in SENTENCES for value in sentence.values} <= set(KINDS)


def test_marks_become_offsets() -> None:
    assert all("{" not in sentence.text and "}" not in sentence.text for sentence in SENTENCES)
    assert all(
        sentence.text[value.start : value.end].strip() == sentence.text[value.start : value.end] != ""
        for sentence in SENTENCES
        for value in sentence.values
    )


@pytest.mark.parametrize(("part", "most"), [("tuning", 0.03), ("held_out", 0.09)])
def test_few_values_leak(part: str, most: float) -> None:
    assert share(leaks(of_part(part))) <= most


@pytest.mark.parametrize(
    ("kinds", "most"),
    [({"PERSON"}, 0.05), ({"ADDRESS", "HOSPITAL"}, 0.10), ({"PHONE", "EMAIL", "URL"}, 0.05), (NUMBERS, 0.05)],
    ids=["persons", "places", "contact", "numbers"],
)
def test_few_values_of_any_kind_leak(kinds: set[str], most: float) -> None:
    found = [entry for entry in leaks(SENTENCES) if entry[1].kind in kinds]

    assert len(found) >= 30
    assert share(found) <= most


@pytest.mark.parametrize("form", ["lower case", "capitals", "locales"])
def test_names_are_found_in_every_case_and_language(form: str) -> None:
    found = [entry for entry in leaks(SENTENCES) if entry[0].form == form and entry[1].kind == "PERSON"]

    assert len(found) >= 10
    assert share(found) <= 0.15


@pytest.mark.parametrize("part", ["tuning", "held_out"])
def test_ordinary_words_stay(part: str) -> None:
    words = lost = 0
    for sentence in of_part(part):
        gone = redacted(sentence.text, "balanced")
        marked = {place for value in sentence.values for place in range(value.start, value.end)}
        for word in re.finditer(r"\w+", sentence.text):
            if not marked.intersection(range(*word.span())):
                words += 1
                lost += bool(gone.intersection(range(*word.span())))

    assert lost / words <= 0.01


@pytest.mark.parametrize("part", ["tuning", "held_out"])
def test_false_alarms_are_rare_where_nobody_is_named(part: str) -> None:
    plain = [sentence for sentence in of_part(part) if not sentence.values]

    assert sum(len(deidentify(sentence.text).spans) for sentence in plain) / len(plain) <= 0.1


def test_more_caution_leaks_less_and_takes_more() -> None:
    low, balanced, high = (share(leaks(SENTENCES, caution)) for caution in ("low", "balanced", "high"))
    taken = [sum(len(redacted(sentence.text, c)) for sentence in SENTENCES) for c in ("low", "balanced", "high")]

    assert low > balanced >= high
    assert taken == sorted(taken)
