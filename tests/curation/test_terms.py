"""Terms are normalised where the meaning is sure, and numbers never change."""

import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medgenius.config.curation.terms import TermsConfig
from medgenius.curation import lexicon
from medgenius.curation.row import Row
from medgenius.curation.steps.terms import Terms

STEP = Terms(TermsConfig(abbreviations=True, spelling=True, units=True))
CASES = Path(__file__).with_name("terms_cases.tsv")


def normalised(text: str) -> str:
    (row,) = STEP([Row("a:1", "", text, "")])
    assert isinstance(row, Row)
    return row.input


def cases(split: str) -> Iterator[tuple[str, str, str]]:
    for line in CASES.read_text(encoding="utf-8").splitlines():
        if line.startswith(split):
            _, word, expected, sentence = line.split("\t")
            yield word, expected, sentence


def judged(split: str) -> tuple[float, float]:
    """Precision and recall over the marked words: a change is right only if it is the expected one."""
    right = wrong = missed = 0
    for word, expected, sentence in cases(split):
        at = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", sentence)
        assert at, sentence
        # The text around the word may change too: what stands for the word itself is looked for.
        result = normalised(sentence)
        stays = bool(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", result))
        if expected == "=":
            wrong += not stays
        elif expected.casefold() in result.casefold() and not stays:
            right += 1
        else:
            missed += 1
            wrong += not stays
    return right / (right + wrong), right / (right + missed)


def test_cases_are_many_and_half_of_them_held_out() -> None:
    assert len(list(cases("tune"))) >= 75
    assert len(list(cases("held"))) >= 75


@pytest.mark.parametrize("split", ["tune", "held"])
def test_what_is_changed_is_right_and_most_is_found(split: str) -> None:
    precision, recall = judged(split)

    assert precision >= 0.97
    assert recall >= 0.9


def test_an_article_follows_its_word() -> None:
    assert normalised("Is this a UTI or an STD?") == (
        "Is this a urinary tract infection or a sexually transmitted disease?"
    )


def test_an_explained_abbreviation_stays_in_the_whole_row() -> None:
    row = Row("a:1", "", "Do I have COPD?", "Chronic obstructive pulmonary disease (COPD) is likely.")

    assert STEP([row]) == [row]


@pytest.mark.parametrize(
    "text",
    [
        "The scan showed a hepatoma.",
        "He has aphagia since the stroke.",
        "tracheal malacia was found",
        "Dolantin for the pain",
        "Minomycin for acne",
        "Prolastin every week",
        "Nalotone and Cetixime are two brands.",  # one letter from naloxone and cefixime
        "I have RA and was put on Humira.",
        "I have ED. Should I visit a doctor?",
        "surgery OR radiation",
        "I live in Detroit, MI and have heart trouble after chest pain.",
        "I moved to CA with breast cancer of stage 2.",
        "Valve repair and murmur: TAKE AS DIRECTED",
    ],
)
def test_what_means_something_else_stays(text: str) -> None:
    assert normalised(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I take tramadol ER at night.", "I take tramadol extended-release at night."),
        ("Is a low GI diet good?", "Is a low glycemic index diet good?"),
        ("the plan for my SI joint injection", "the plan for my sacroiliac joint injection"),
        ("Diabetic nerve damage, AKA neuropathy", "Diabetic nerve damage, also known as neuropathy"),
        ("MR angiography showed severe stenosis", "magnetic resonance angiography showed severe stenosis"),
        ("I went to the ER.", "I went to the emergency room."),
        ("clonidin and gentamycin", "clonidine and gentamicin"),
        ("Lisinoprill and Phenytion", "Lisinopril and Phenytoin"),
    ],
)
def test_the_words_beside_tell_what_is_meant(text: str, expected: str) -> None:
    assert normalised(text) == expected


def test_changes_are_counted() -> None:
    (row,) = STEP([Row("a:1", "", "pt took 500mg ibuprofin", "Fine.")])

    assert isinstance(row, Row)
    assert row.input == "patient took 500 mg ibuprofen"
    assert {(change.part, change.rule, change.count) for change in row.changes} == {
        ("input", "abbreviation", 1),
        ("input", "unit", 1),
        ("input", "spelling", 1),
    }


def test_no_expansion_holds_an_abbreviation_or_a_digit_of_its_own() -> None:
    forms = {form for line in lexicon.lines("abbreviations.tsv") for form in line.split("\t")[0].split("|")}
    for line in lexicon.lines("abbreviations.tsv"):
        own_forms, expansion, _ = line.split("\t")
        assert forms.isdisjoint(expansion.split())
        for form in own_forms.split("|"):
            assert re.findall(r"\d+", expansion) == re.findall(r"\d+", form)


def test_no_term_is_mended_into_another() -> None:
    terms = sorted(lexicon.words("drugs.txt") | lexicon.words("conditions.txt"))

    assert [term for term in terms if normalised(term) != term] == []


def test_one_wrong_letter_never_makes_another_drug() -> None:
    drugs = lexicon.words("drugs.txt")
    for drug in sorted(drugs)[::7]:
        for place in range(1, len(drug)):
            slip = drug[:place] + "q" + drug[place + 1 :]
            assert normalised(slip) in {slip, drug}


words = st.sampled_from(
    [*sorted({w for line in lexicon.lines("abbreviations.tsv") for w in re.split(r"[|\t ]", line)})]
)
NUMBERS = "500mg 2.5 mg 10ug 3-4 120/80 1,000 q4h T2DM B12 20/20 x3 5ml 7 2/2"
numbers = st.sampled_from(NUMBERS.split())


@settings(max_examples=400, deadline=None)
@given(st.lists(words | numbers | st.text(max_size=5), max_size=30).map(" ".join) | st.text())
def test_numbers_stay_and_a_second_time_changes_nothing(text: str) -> None:
    once = normalised(text)

    assert re.findall(r"[0-9]+", once) == re.findall(r"[0-9]+", text)
    assert normalised(once) == once


def test_the_step_travels_to_workers() -> None:
    row = Row("a:1", "", "pt c/o fever", "")

    assert pickle.loads(pickle.dumps(STEP))([row]) == STEP([row])
