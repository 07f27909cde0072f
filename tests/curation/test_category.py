"""Categories and urgency on questions written for this test, and the promises of the step."""

import math
import pickle
from collections import Counter
from pathlib import Path

import pytest

from medgenius.categories import CATEGORIES
from medgenius.config.curation.category import CategoryConfig
from medgenius.curation import lexicon
from medgenius.curation.evidence import Evidence, words
from medgenius.curation.row import Row
from medgenius.curation.steps.category import Category

QUESTIONS = Path(__file__).with_name("category_questions.tsv")


def never(_: str) -> bool:
    return False


STEP = Category(CategoryConfig(words=150, keep=False), never)


def questions() -> list[tuple[str, str, str]]:
    lines = QUESTIONS.read_text(encoding="utf-8").splitlines()[1:]
    return [(category, urgency, text) for category, urgency, text in (line.split("\t") for line in lines)]


def test_the_questions_cover_every_category() -> None:
    counts = Counter(category for category, _, _ in questions())

    assert set(counts) == set(CATEGORIES)
    assert min(counts.values()) >= 5


def test_every_category_has_forty_phrases_of_its_own() -> None:
    lines = dict(line.split("\t") for line in lexicon.lines("categories.tsv"))

    assert tuple(lines) == CATEGORIES
    assert min(len(set(phrases.split("; "))) for phrases in lines.values()) >= 40


def test_most_questions_get_their_category() -> None:
    ranked = [(category, STEP.ranked(text, "")) for category, _, text in questions()]

    assert sum(found[0][0] == category for category, found in ranked) >= 0.68 * len(ranked)
    assert sum(category in [name for name, _ in found[:3]] for category, found in ranked) >= 0.78 * len(ranked)


def test_the_surer_half_is_more_often_right() -> None:
    found = sorted((STEP.ranked(text, "")[0][1], STEP.ranked(text, "")[0][0] == cat) for cat, _, text in questions())
    half = len(found) // 2

    assert sum(right for _, right in found[half:]) >= sum(right for _, right in found[:half]) + 0.2 * half


def test_routine_questions_are_rarely_called_urgent_and_urgent_ones_often_enough() -> None:
    told = Counter((right, STEP.urgency(text)) for _, right, text in questions())

    assert told["routine", "urgent"] <= 0.1 * (told["routine", "urgent"] + told["routine", "routine"])
    assert told["urgent", "urgent"] >= 0.35 * (told["urgent", "urgent"] + told["urgent", "routine"])


def test_only_the_assessment_makes_an_emergency() -> None:
    step = Category(CategoryConfig(words=150, keep=False), lambda text: "arm" in text)

    assert step.urgency("My arm is gone") == "emergency"
    assert STEP.urgency("He collapsed, is blue and not breathing") == "urgent"


def test_an_emergency_is_one_however_much_is_told_after_it() -> None:
    step = Category(CategoryConfig(words=150, keep=False))
    history = "My father had high cholesterol and I used to smoke until 2010. " * 15

    assert step.urgency(f"I have crushing chest pain going down my left arm. {history}What is it?") == "emergency"


def test_questions_about_facts_are_routine() -> None:
    assert STEP.urgency("What are the symptoms of sudden severe bleeding and fever?") == "routine"


def test_a_given_label_stays_if_wanted() -> None:
    row = Row("a:1", "", "My tooth aches", "", category="genetics", urgency="urgent")

    assert Category(CategoryConfig(words=150, keep=True), never)([row]) == [row]
    (new,) = STEP([row])
    assert isinstance(new, Row)
    assert (new.category, new.urgency) == ("dentistry", "routine")


def test_a_second_time_changes_nothing_and_the_step_travels() -> None:
    rows = STEP(
        [Row("a:1", "", "", ""), Row("a:2", "", "My tooth aches since yesterday, pus and fever", "See a dentist.")]
    )
    kept = [row for row in rows if isinstance(row, Row)]

    again = pickle.loads(pickle.dumps(STEP))(kept)

    assert all(new is old for new, old in zip(again, kept, strict=True))


def test_scores_follow_the_formula() -> None:
    model = Evidence({"a": ["red eye", "eye"], "b": ["eye", "ear"], "c": ["leg"]}, ["an eye", "no", "a leg"], 1.0)
    text = words("Red eyes, red EYES and an ear")

    # Words: red 2, eye 2, and, an, ear. Phrases: red eye twice, eye twice, ear once.
    size = 2 * (1 + math.log(2)) + 3
    icf = {labels: math.log(1 + 3 / labels) for labels in (1, 2)}
    eye = (1 + math.log(2)) * icf[2] ** 2 * math.sqrt(math.log(4 / 2))
    red_eye = (1 + math.log(2)) * icf[1] ** 2 * 1.6 * math.sqrt(math.log(4))
    ear = icf[1] ** 2 * math.sqrt(math.log(4))
    scores = [(eye + red_eye) / math.sqrt(size), (eye + ear) / math.sqrt(size), 0.0]
    total = sum(math.exp(score) for score in scores)
    assert model.probabilities(text).tolist() == pytest.approx([math.exp(s) / total for s in scores], abs=1e-5)


def test_a_text_without_evidence_is_undecided() -> None:
    assert STEP.ranked("xyzzy", "")[0][1] == pytest.approx(1 / len(CATEGORIES))
