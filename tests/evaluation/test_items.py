"""The choice of items."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgenius.data.dialogue import Dialogue
from medgenius.evaluation.clusters import clusters
from medgenius.evaluation.items import (
    ChoiceQuestion,
    DialogueItem,
    HarmfulItem,
    chosen,
    digest_of,
    digest_of_all,
    text_of,
)

ITEMS = [HarmfulItem(f"item-{number}", f"request {number}") for number in range(40)]


@given(fewer=st.integers(1, 40), more=st.integers(1, 40), seed=st.integers(0, 99))
def test_a_larger_choice_only_adds_to_a_smaller_one(fewer: int, more: int, seed: int) -> None:
    fewer, more = sorted((fewer, more))
    some, all_of_them = chosen(ITEMS, fewer, seed), chosen(ITEMS, more, seed)

    assert len(some) == fewer
    assert set(some) <= set(all_of_them)
    assert some == [item for item in ITEMS if item in some]


def test_the_choice_does_not_depend_on_the_order_of_the_file() -> None:
    assert set(chosen(ITEMS, 7, 1)) == set(chosen(ITEMS[::-1], 7, 1))
    assert chosen(ITEMS, 7, 1) != chosen(ITEMS, 7, 2)
    assert chosen(ITEMS, None, 1) == ITEMS


def test_a_digest_tells_what_is_asked_and_not_where_it_was_read() -> None:
    here, there = (
        DialogueItem("a:1", Dialogue("do", "why?", "so.", where), answered=True) for where in ("a:1", "b/a:1")
    )
    other = DialogueItem("a:1", Dialogue("do", "why?", "so!", "a:1"), answered=True)
    unanswered = DialogueItem("a:1", Dialogue("do", "why?", "so.", "a:1"), answered=False)

    assert digest_of(here) == digest_of(there) == digest_of(unanswered)
    assert digest_of(here) != digest_of(other)
    assert digest_of_all([here]) != digest_of_all([unanswered])


def test_near_duplicates_share_a_cluster() -> None:
    long = "my left knee has been swollen and hot since I fell off the ladder on friday and I can not bend it"
    texts = [long, "a cough for two days", long + " at all", "A cough, for two days!", "something else entirely"]

    assert clusters(texts) == [0, 1, 0, 1, 4]
    assert clusters([]) == []


@pytest.mark.parametrize("note", ["", " case {}"])
def test_any_number_of_copies_is_one_cluster(note: str) -> None:
    """Exact ones, and such as differ in a word; behind more texts with a run of theirs than are looked up."""
    long = "my left knee has been swollen and hot since I fell off the ladder on friday"
    others = [
        f"my left knee number {place} is what question {place} of this long list asks about" for place in range(300)
    ]
    copies = [long + note.format(place) for place in range(500)]

    assert len(set(clusters(copies))) == 1
    assert clusters([*others, *copies])[300:] == [300] * 500


def test_one_question_about_many_cases_is_no_copy() -> None:
    cases = [
        "A man of 70 with chest pain and a drop of his blood pressure.",
        "A child of 4 who has eaten berries from the garden this morning.",
    ]
    asked = [
        ChoiceQuestion(str(place), "What is the most likely diagnosis?", case, ("a", "b"), 0)
        for place, case in enumerate(cases)
    ]

    assert clusters([text_of(question) for question in asked]) == [0, 1]
