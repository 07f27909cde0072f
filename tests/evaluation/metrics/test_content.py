"""What an answer names, and how far that agrees with its reference."""

import json
from importlib.resources import files

import pytest

from medgenius.evaluation.lexicon import things
from medgenius.evaluation.metrics.content import KINDS, Agreement, Kind, content_f1, named_in


@pytest.mark.parametrize(
    ("text", "kind", "names"),
    [
        ("This sounds like a heart attack.", "condition", {"heart attack"}),
        ("It may be a myocardial infarction", "condition", {"heart attack"}),
        ("You could have type 2 diabetes and high blood pressure.", "condition", {"diabetes", "high blood pressure"}),
        ("Kidney stones are likely; migraines are not a cause.", "condition", {"kidney stone", "migraine"}),
        ("There is no sign of pneumonia, but asthma is likely.", "condition", {"asthma"}),
        ("Tests ruled out a stroke.", "condition", set()),
        ("Take Tylenol or ibuprofen.", "drug", {"paracetamol", "ibuprofen"}),
        ("Do not take aspirin. Try acetaminophen.", "drug", {"paracetamol"}),
        ("Trametinib was started.", "drug", {"trametinib"}),
        ("Your vitamin B12 is low", "drug", {"vitamin b 12"}),
        ("Call 999 now.", "advice", {"emergency care"}),
        ("You should talk to your GP about it.", "advice", {"see a doctor"}),
        ("A doctor should look at this.", "advice", {"see a doctor"}),
        ("Drink plenty of fluids and get some rest.", "advice", {"drink fluids", "rest"}),
        ("Go to A&E.", "advice", {"emergency care"}),
        ("There is no need for an X-ray.", "advice", set()),
        ("An X-ray and a blood test will help.", "advice", {"imaging", "blood test"}),
    ],
)
def test_what_a_text_names(text: str, kind: Kind, names: set[str]) -> None:
    assert named_in(text)[kind] == names


def test_red_flags_count_as_named_behind_an_if_but_not_behind_a_no() -> None:
    assert named_in("If you ever have chest pain, call 999.")["red_flag"] == {"acute_coronary"}
    assert named_in("You have no chest pain.")["red_flag"] == set()


def test_the_same_content_in_other_words_agrees() -> None:
    found = content_f1(
        "Sounds like hypertension. Ring 911 if you get chest pain, and see your physician.",
        "High blood pressure is likely. Talk to your doctor, and call 999 if your chest hurts.",
    )

    assert found.by_kind["condition"].f1 == 1
    assert found.by_kind["advice"].f1 == 1
    assert found.by_kind["red_flag"].f1 == 1
    assert found.by_kind["drug"].f1 is None
    assert found.micro.f1 == 1


def test_precision_recall_and_f1_are_counted_over_all_kinds() -> None:
    found = content_f1("It is asthma or pneumonia. Take amoxicillin.", "It is asthma. Use salbutamol and rest.")

    assert found.by_kind["condition"] == Agreement(shared=1, named=2, expected=1)
    assert found.micro == Agreement(shared=1, named=3, expected=3)
    assert (found.micro.precision, found.micro.recall, found.micro.f1) == (1 / 3, 1 / 3, 1 / 3)


def test_where_nothing_is_named_there_is_no_item() -> None:
    nothing = content_f1("Hello there.", "Good morning to you.")

    assert (nothing.micro.precision, nothing.micro.recall, nothing.micro.f1) == (None, None, None)
    one_sided = content_f1("Hello there.", "It is asthma.")
    assert (one_sided.micro.precision, one_sided.micro.recall, one_sided.micro.f1) == (None, 0, 0)


def test_negation_turns_agreement_into_none() -> None:
    reference = "This is pneumonia. Take amoxicillin."

    assert content_f1("This is pneumonia. Take amoxicillin.", reference).micro.f1 == 1
    assert content_f1("This is not pneumonia. Do not take amoxicillin.", reference).micro.f1 == 0


@pytest.mark.parametrize(
    ("kind", "name"), [("condition", "conditions.txt"), ("drug", "drugs.txt"), ("advice", "advice.txt")]
)
def test_every_phrase_of_a_list_names_its_thing_and_stands_there_once(kind: Kind, name: str) -> None:
    """A phrase that its own words do not match is a slip of the list."""
    seen: set[str] = set()
    for thing, phrases in things(name).items():
        for phrase in phrases:
            text = " ".join(part.split("|")[0].replace("*", "") for part in phrase.split() if part != "..")
            assert thing in named_in(text)[kind], phrase
            assert phrase not in seen
            seen.add(phrase)


def test_the_sample_names_something_nearly_always() -> None:
    lines = (files("medgenius") / "data" / "sample" / "dialogues.jsonl").read_text(encoding="utf-8").splitlines()
    answers = [str(json.loads(line)["output"]) for line in lines[::4]]

    found = [named_in(answer) for answer in answers]

    assert sum(any(names[kind] for kind in KINDS) for names in found) / len(found) > 0.98
    assert all(sum(bool(names[kind]) for names in found) / len(found) > 0.4 for kind in KINDS)
