"""Training and validation dialogues: nothing is lost, and no question is on both sides."""

import random
from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from medgenius.data.dialogue import Dialogue, Part
from medgenius.data.split import Split, split_dialogues
from medgenius.errors import DataError


def folded(text: str) -> str:
    return " ".join(text.casefold().split())


def questions(side: list[Dialogue]) -> set[str]:
    return {folded(dialogue.input) for dialogue in side}


def as_sets(split: Split) -> tuple[set[Dialogue], set[Dialogue]]:
    return set(split.train), set(split.validation)


# Few words, so that questions come up again with other cases and spaces, beside any text at all.
QUESTIONS = (
    st.lists(
        st.sampled_from(["pain", "Pain", "PAIN", "fever", "straße", "STRASSE", " ", "\n"]), min_size=1, max_size=3
    ).map(" ".join)
    | st.text()
)
FRACTIONS = st.floats(0, 1, exclude_min=True, exclude_max=True)
SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def dialogue_lists(draw: st.DrawFn) -> list[Dialogue]:
    drawn = draw(st.lists(QUESTIONS, min_size=2, max_size=40))
    assume(len({folded(question) for question in drawn}) >= 2)
    return [Dialogue("i", question, "a", f"f:{line}") for line, question in enumerate(drawn, start=1)]


@given(dialogue_lists(), FRACTIONS, SEEDS)
def test_no_question_is_on_both_sides(dialogues: list[Dialogue], fraction: float, seed: int) -> None:
    split = split_dialogues(dialogues, fraction, seed)

    assert not questions(split.train) & questions(split.validation)


@given(dialogue_lists(), FRACTIONS, SEEDS)
def test_every_dialogue_is_on_exactly_one_side_and_no_side_is_empty(
    dialogues: list[Dialogue], fraction: float, seed: int
) -> None:
    split = split_dialogues(dialogues, fraction, seed)

    assert Counter(split.train + split.validation) == Counter(dialogues)
    assert split.train
    assert split.validation


@given(dialogue_lists(), FRACTIONS, SEEDS)
def test_the_same_seed_gives_the_same_split(dialogues: list[Dialogue], fraction: float, seed: int) -> None:
    assert split_dialogues(dialogues, fraction, seed) == split_dialogues(list(dialogues), fraction, seed)


@given(dialogue_lists(), FRACTIONS, SEEDS, st.randoms(use_true_random=False))
def test_the_order_of_the_file_moves_no_dialogue_to_the_other_side(
    dialogues: list[Dialogue], fraction: float, seed: int, shuffler: random.Random
) -> None:
    shuffled = list(dialogues)
    shuffler.shuffle(shuffled)

    assert as_sets(split_dialogues(shuffled, fraction, seed)) == as_sets(split_dialogues(dialogues, fraction, seed))


@pytest.mark.parametrize(("fraction", "held_out"), [(0.1, 20), (0.25, 50), (0.001, 1), (0.999, 199)])
def test_the_wanted_part_is_held_out_where_all_questions_differ(fraction: float, held_out: int) -> None:
    dialogues = [Dialogue("i", f"question {i}", "a", f"f:{i}") for i in range(200)]

    assert len(split_dialogues(dialogues, fraction, seed=42).validation) == held_out


def test_another_seed_holds_other_dialogues_out() -> None:
    dialogues = [Dialogue("i", f"question {i}", "a", f"f:{i}") for i in range(200)]

    assert as_sets(split_dialogues(dialogues, 0.1, seed=1)) != as_sets(split_dialogues(dialogues, 0.1, seed=2))


def test_questions_that_differ_in_case_and_space_alone_stay_together() -> None:
    same = [
        Dialogue("i", text, "a", f"f:{i}") for i, text in enumerate(["Why  me?", "why me?", " WHY\nME? ", "why me?"])
    ]
    split = split_dialogues([*same, Dialogue("i", "What now?", "a", "f:9")], 0.1, seed=3)

    assert {len(split.train), len(split.validation)} == {1, 4}


@pytest.mark.parametrize("texts", [["q"], ["q", " Q "], []])
def test_fewer_than_two_different_questions_are_refused(texts: list[str]) -> None:
    dialogues = [Dialogue("i", text, "a", f"f:{i}") for i, text in enumerate(texts)]

    with pytest.raises(DataError, match="no validation set can be held out"):
        split_dialogues(dialogues, 0.5, seed=0)


PARTS = st.sampled_from(["train", "validation", "test"])


@given(st.lists(PARTS, min_size=1, max_size=30), FRACTIONS, SEEDS)
def test_a_split_that_the_file_brings_is_kept(parts: list[Part], fraction: float, seed: int) -> None:
    assume(parts.count("train") > 1)
    dialogues = [Dialogue("i", f"question {i}", "a", f"f:{i}", part) for i, part in enumerate(parts)]
    split = split_dialogues(dialogues, fraction, seed)

    marked = {part: [dialogue for dialogue in dialogues if dialogue.part == part] for part in parts}
    assert split.test == marked.get("test", [])
    if "validation" in marked:
        assert (split.train, split.validation) == (marked["train"], marked["validation"])
    else:  # held out of what is trained on, and of nothing else
        assert split.validation
        assert Counter(split.train + split.validation) == Counter(marked["train"])


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        (
            ["train", None, "test", None],
            r"f:1: the first of 2 dialogues .* while 2 others do; .*data\.split_column=null",
        ),
        (["validation", "test"], r"no dialogue is marked train; data\.split_column=null splits anew"),
    ],
)
def test_half_a_split_is_refused(parts: list[Part | None], told: str) -> None:
    dialogues = [Dialogue("i", f"question {i}", "a", f"f:{i}", part) for i, part in enumerate(parts)]

    with pytest.raises(DataError, match=told):
        split_dialogues(dialogues, 0.5, seed=0)
