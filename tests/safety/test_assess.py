"""Red flags: recall and false alarms on labelled messages, and the engine's single parts."""

import hashlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medgenius.safety import assess
from medgenius.safety.assessment import AGE_GROUPS
from medgenius.safety.phrases import parse
from medgenius.safety.rules import FINDINGS, RULES
from medgenius.safety.spelling import correct
from medgenius.safety.vitals import FINDINGS as VALUE_FINDINGS
from medgenius.safety.words import plain, split_words
from tests.safety.support import messages, shared_rows

PARTS = ["tuning", "held_out"]


@pytest.mark.parametrize("part", PARTS)
def test_emergencies_are_found(part: str) -> None:
    emergencies = [row for row in messages(part) if row["emergency"]]
    missed = [row["id"] for row in emergencies if not assess(str(row["text"])).emergency]

    print(f"{part}: missed {missed}")
    assert len(emergencies) >= 85
    assert len(missed) <= (0.03 * len(emergencies) if part == "held_out" else 0), missed


@pytest.mark.parametrize("part", PARTS)
def test_routine_messages_with_tempting_words_raise_few_alarms(part: str) -> None:
    routine = [row for row in messages(part) if not row["emergency"]]
    alarms = [row["id"] for row in routine if assess(str(row["text"])).emergency]

    print(f"{part}: false alarms {alarms}")
    assert len(routine) >= 85
    assert len(alarms) <= (0.1 * len(routine) if part == "held_out" else 0), alarms


def test_messages_are_many_and_differ() -> None:
    rows = messages("tuning") + messages("held_out")

    assert len({row["text"] for row in rows}) == len({row["id"] for row in rows}) == len(rows) >= 340
    assert len(messages("held_out")) >= 170


@pytest.mark.parametrize("held_out", [False, True])
def test_vignettes_are_escalated(held_out: bool) -> None:
    rows = [
        row
        for row in shared_rows("safety/triage_vignettes.jsonl.gz")
        if held_out == (row["set"] != "standard" and hashlib.sha256(str(row["id"]).encode()).digest()[0] % 2 == 1)
    ]
    missed = [row["id"] for row in rows if row["escalate"] and not assess(str(row["text"])).emergency]
    alarms = [row["id"] for row in rows if not row["escalate"] and assess(str(row["text"])).emergency]

    print(f"missed {missed}, false alarms {alarms}")
    assert len(missed) <= 0.03 * sum(bool(row["escalate"]) for row in rows)
    assert len(alarms) <= 0.1 * sum(not row["escalate"] for row in rows)


def test_every_rule_names_findings_that_exist_and_every_finding_is_of_use() -> None:
    known = {finding.name for finding in FINDINGS} | VALUE_FINDINGS | AGE_GROUPS
    used = {name for rule in RULES for choice in (*rule.findings, rule.unless) for name in choice}

    assert used <= known, used - known
    assert known <= used, known - used
    assert len({finding.name for finding in FINDINGS}) == len(FINDINGS)


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.name)
def test_every_phrase_is_well_formed(finding: object) -> None:
    lines = finding.phrases.strip().splitlines()  # type: ignore[attr-defined]

    assert lines
    assert all(parse(line) for line in lines)
    assert len(set(lines)) == len(lines)


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("SpO2 82%", "respiratory_failure"),
        ("BP 78/40 and cold", "shock"),
        ("pulse 142", "shock"),
        ("pH 7.05", "diabetic_ketoacidosis"),
        ("68M GCS 9", "altered_consciousness"),
        ("K+ 7.2", "hyperkalaemia"),
        ("my baby is nine weeks old and has a temp of 38.2", "infant_fever"),
        ("newborn, 3 weeks, temperature 101.2 F", "infant_fever"),
        ("My blood sugar is 500 mg/dl and I'm confused", "diabetic_ketoacidosis"),
        ("my glucose is 550 mg/dL and I keep vomiting", "diabetic_ketoacidosis"),
        ("glucose 600 mg per dl, vomiting", "diabetic_ketoacidosis"),
        ("blood sugar reads 29 mg/dl and drowsy", "hypoglycaemia"),
        ("I'm diabetic, my blood sugar is 40, I'm sweaty and shaky", "hypoglycaemia"),
        ("sugar 40, breathing fast and drowsy", "diabetic_ketoacidosis"),
        ("My pulse ox is 82", "respiratory_failure"),
        ("SpO2 dropped from 98 to 82", "respiratory_failure"),
        ("sats went from 97% to 84%", "respiratory_failure"),
        ("blood pressure is 60/40", "shock"),
        ("heart rate 165 two hours after exercise", "shock"),
        ("heart rate 230 during exercise", "shock"),
        ("temp 41 after the sauna", "sepsis"),
    ],
)
def test_figures_count(text: str, flag: str) -> None:
    assert flag in assess(text).red_flags


@pytest.mark.parametrize(
    "text",
    [
        "SpO2 98%",
        "BP 128/78, pulse 72, temp 36.8",
        "temperature 98.6 F",
        "HbA1c 6.9",
        "transferrin saturation 78%",
        "I take metformin 500 mg twice a day",
        "I'm diabetic, my sugar 30 minutes after a meal is 9",
        "I'm diabetic, may I eat sugar, 25 g a day?",
        "I'm diabetic, my sugar is 22 mmol/l and I feel fine",
        "I'm diabetic, my sugar is 110 mg/dl",
        "I have a 60/40 split",
        "I scored 85/100",
        "When I run my pulse is 170",
        "Room temperature is 41 here",
        "",
        "??!!,,..",
    ],
)
def test_ordinary_figures_do_not(text: str) -> None:
    assert not assess(text).emergency


@pytest.mark.parametrize(
    "text",
    [
        "{} since this morning",
        "I suddenly have {}",
        "My wife has {}, what shall I do?",
    ],
)
@pytest.mark.parametrize("finding", ["chest pain", "slurred speech", "black tarry stools", "shortness of breath"])
def test_what_is_said_counts_and_what_is_denied_does_not(text: str, finding: str) -> None:
    assert assess(text.format(finding)).emergency
    assert not assess(f"Sore toe. No {finding}.").emergency
    assert not assess(f"Patient denies cough, {finding}, rash").emergency
    assert not assess(f"I had {finding} in 2009").emergency
    assert not assess(f"What are the causes of {finding}?").emergency


def test_a_negation_ends_with_its_clause() -> None:
    assert assess("No fever, but I have crushing chest pain").emergency
    assert assess("I don't smoke, and my face is drooping on one side").emergency


def test_some_flags_are_named_as_documented() -> None:
    assert assess("my mouth droops and my speech is slurred").red_flags == ("stroke",)
    assert "suicide_risk" in assess("I want to kill myself").red_flags
    assert "carbon_monoxide" in assess("the carbon monoxide alarm rings and I have a headache").red_flags


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("slured", "slurred"), ("temperture", "temperature"), ("overdse", "overdose"), ("feever", "fever")],
)
def test_misspelt_words_are_mended(wrong: str, right: str) -> None:
    assert correct(wrong) == right


@pytest.mark.parametrize("word", ["month", "cooking", "chess", "sharing", "leather", "headaches", "rests"])
def test_ordinary_words_stay(word: str) -> None:
    assert correct(word) == word


@given(st.text(max_size=400))
@settings(max_examples=100, deadline=None)
def test_any_text_is_judged(text: str) -> None:
    words = split_words(plain(text))

    assert len(words.tokens) == len(words.sentence) == len(words.clause)
    assert assess(text) == assess(text)
    assert assess(text).emergency == bool(assess(text).red_flags)


@pytest.mark.parametrize("unit", ["no ", "cant ", "chest, ", "1 ", "?", "my father had pain and no fever "])
def test_time_grows_with_the_length_alone(unit: str) -> None:
    """A rule that backtracks would take hours here; what a text costs is measured in benchmarks/."""
    started = time.process_time()
    assess(unit * 5_000)

    assert time.process_time() - started < 60
