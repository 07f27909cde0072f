"""Surrogates: the same for the same value, the same at every run, and nobody's."""

import pytest

from medgenius.curation import deidentify
from medgenius.curation.deidentification.engine import deidentify_parts
from medgenius.curation.deidentification.lexicon import Trait, lexicon, lines_of
from medgenius.curation.deidentification.spans import KINDS, Kind
from medgenius.curation.deidentification.surrogates import Surrogates, surrogate_pattern

NUMBERED = [
    "a",
    "12",
    "AB 12",
    "19/02/1950",
    "2 May 1970",
    "1950-02-19",
    "0161 496 0000",
    "12 Oak Street, Leeds",
    "Leeds",
]


def test_one_person_has_one_surrogate_throughout_a_dialogue() -> None:
    question, answer = deidentify_parts(
        ["My name is Maria Kowalczyk.", "Thank you, Maria. Mrs Kowalczyk should rest."], "surrogate", "balanced"
    )

    given, surname = question.text.removeprefix("My name is ").removesuffix(".").split()
    assert answer.text == f"Thank you, {given}. Mrs {surname} should rest."


def test_two_persons_have_two() -> None:
    text = deidentify("Dr Petrov met Dr Ivanova and Dr Sidorov.", "surrogate").text

    names = text.removesuffix(".").replace(" met", "").replace(" and", "").replace("Dr ", "").split()
    assert len(set(names)) == 3
    assert not {"Petrov", "Ivanova", "Sidorov"} & set(names)


def test_gender_is_kept() -> None:
    words = {
        kind: {w for k, w in map(str.split, lines_of("surrogates.txt")) if k == kind} for kind in ("female", "male")
    }

    surrogates = Surrogates("seed")

    assert surrogates.replacement("PERSON", "Margaret") in words["female"]
    assert surrogates.replacement("PERSON", "Robert") in words["male"]


def test_the_seed_alone_decides() -> None:
    first, again, other = (Surrogates(seed).replacement("PERSON", "Aoife Byrne") for seed in ("a", "a", "b"))

    assert first == again != other


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", NUMBERED)
def test_every_surrogate_is_recognised_as_one(kind: Kind, value: str) -> None:
    made = Surrogates("seed").replacement(kind, value)

    assert surrogate_pattern().sub("", made).strip() == ""
    assert made != value


def test_surrogates_are_no_real_names() -> None:
    words = [line.split("\t")[1].lower() for line in lines_of("surrogates.txt")]

    assert len(words) == len(set(words))
    assert not any(lexicon().get(word, 0) & (Trait.NAME | Trait.WORD | Trait.CITY) for word in words)
