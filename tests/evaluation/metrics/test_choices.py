"""Picking by likelihood, and reading an option from free text without guessing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgenius.evaluation.metrics.choices import Likelihoods, Rule, parse_choice

DRUGS = ("Aspirin", "Aspirin and heparin", "Paracetamol", "No treatment")
YES_NO = ("yes", "no", "maybe")


def of_the_harness(item: Likelihoods, rule: Rule) -> int:
    """What lm-evaluation-harness picks, as its process_results for multiple choice does it."""
    lls = np.array(item.log_likelihoods)
    match rule:
        case "raw":
            return int(np.argmax(lls))
        case "per_character":
            return int(np.argmax(lls / np.array([float(len(i)) for i in item.choices])))
        case "per_byte":
            return int(np.argmax(lls / np.array([float(len(i.encode("utf-8"))) for i in item.choices])))
        case "per_token":
            return int(np.argmax(lls / np.array(item.tokens)))
        case "unconditional":
            return int(np.argmax([a - b for a, b in zip(lls, item.unconditional or (), strict=True)]))


@given(
    rule=st.sampled_from(["raw", "per_character", "per_byte", "per_token", "unconditional"]),
    items=st.lists(
        st.tuples(
            st.text("aé語 ", min_size=1, max_size=6), st.integers(-40, 0), st.integers(1, 5), st.integers(-40, 0)
        ),
        min_size=1,
        max_size=5,
    ),
)
def test_every_rule_picks_what_the_harness_picks_also_of_equals(
    rule: Rule, items: list[tuple[str, int, int, int]]
) -> None:
    choices, sums, tokens, alone = (tuple(values) for values in zip(*items, strict=True))
    item = Likelihoods(choices, sums, tokens, alone)

    assert item.pick(rule) == of_the_harness(item, rule)


def test_the_rules_differ_where_they_should() -> None:
    item = Likelihoods(("no", "certainly not"), (-3.0, -4.0), (1, 3), (-1.0, -9.0))

    assert [item.pick("raw"), item.pick("per_character"), item.pick("per_token"), item.pick("unconditional")] == [
        0,
        1,
        1,
        1,
    ]


def test_without_unconditional_likelihoods_there_is_no_such_rule() -> None:
    with pytest.raises(ValueError, match="unconditional"):
        Likelihoods(YES_NO, (-1.0, -2.0, -3.0), (1, 1, 1)).pick("unconditional")


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        ("C", 2),
        ("c", 2),
        ("(C)", 2),
        ("C.", 2),
        ("**C**", 2),
        ("C)", 2),
        ("C) because it is safe", 2),
        ("C: it lowers fever", 2),
        ("A: Aspirin", 0),
        ("A. Aspirin\nB. Aspirin and heparin\nC. Paracetamol\n\nThe answer is C.", 2),
        ("I am not sure, but the answer is C.", 2),
        ("The answer is not B. The answer is C.", 2),
        ("(C) it lowers fever", 2),
        ("C.\nIt lowers fever.", 2),
        ("C. Paracetamol", 2),
        ("C. Paracetamol, which lowers fever", 2),
        ("The answer is C.", 2),
        ("The correct answer is (C) since fever is named.", 2),
        ("Answer: C", 2),
        ("I think the best option is **C**.", 2),
        ("Option C is correct.", 2),
        ("Paracetamol", 2),
        ("paracetamol.", 2),
        ("The answer is Aspirin and heparin.", 1),
        ("Aspirin and heparin", 1),
        ("Aspirin", 0),
        ("The correct answer is: no treatment", 3),
    ],
)
def test_an_option_that_is_named_is_read(answer: str, place: int) -> None:
    assert parse_choice(answer, DRUGS) == place


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "As an AI language model, I cannot give medical advice.",
        "As an AI, the answer is not something I can give.",
        "A doctor should see this.",
        "A. fumigatus is a mould.",
        "A or B",
        "A, B and C",
        "Answer: As an AI I don't choose.",
        "The answer is a combination of rest and fluids.",
        "The answer is A or B.",
        "The answer is not B.",
        "The answer is B. On second thoughts, the answer is C.",
        "C. Aspirin",
        "I don't know.",
        "Definitely one of them",
        "C. difficile",
        "Dear patient, thank you for asking.",
        "Both Aspirin and Paracetamol could help",
        "E",
        "The answer is E.",
        "A: As an AI language model I cannot answer.",
        "A. Aspirin\nB. Aspirin and heparin\nC. Paracetamol\nD. No treatment\n\nAs an AI, I cannot choose.",
        "A. Aspirin\nE. Rest\n\n### Answer:\nA. Aspirin\nF. Rest\n\n### Answer:\nA. Aspirin",
        "Answer:\nA. Aspirin\nB. Aspirin and heparin",
        "A) Aspirin is wrong.\nC) Paracetamol is right.",
        "A. Aspirin, C. Paracetamol",
        "The incorrect answer is B.",
        "I do not think that the answer is B.",
        "It isn't true that the correct answer is B.",
        "The answer is A, B and C",
        "The answer is A & B.",
        "The answer is A, or B.",
        "Aspirin, Paracetamol and others are all options.",
        "The answer is Aspirin, Paracetamol and rest.",
    ],
)
def test_what_names_no_option_or_several_is_unparsed_and_never_the_first(answer: str) -> None:
    assert parse_choice(answer, DRUGS) is None


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        ("Yes", 0),
        ("yes, it does.", 0),
        ("No.", 1),
        ("Maybe", 2),
        ("The answer is maybe.", 2),
        ("No evidence was found that it does.", None),
        ("Yesterday", None),
        ("It may be.", None),
        ("Yes and no", None),
    ],
)
def test_yes_and_no_are_read_only_as_answers(answer: str, place: int | None) -> None:
    assert parse_choice(answer, YES_NO) == place


@given(st.text(), st.lists(st.text(max_size=8), min_size=2, max_size=5))
def test_any_text_is_read_without_an_error(answer: str, choices: list[str]) -> None:
    place = parse_choice(answer, choices)

    assert place is None or 0 <= place < len(choices)
