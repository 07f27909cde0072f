"""The criteria answer to what they are named for, and the score to its weights."""

import gzip
import json
import pickle
import statistics

import pytest
from pydantic import ValidationError

from benchmarks.quality import spearman
from medgenius.config.curation.quality import QualityConfig, QualityWeights
from medgenius.curation.row import Rejection, Row
from medgenius.curation.steps.quality import Quality
from tests.shared import shared_data

QUESTION = "Why does my knee hurt after running, and what can I do?"
GOOD = (
    "I'm sorry your knee is troubling you. Pain after running is often runner's knee, where the cartilage behind the "
    "kneecap may be irritated.\n\n- Rest for two weeks, and use ice.\n- Paracetamol can help with the pain.\n\n"
    "See a doctor if the knee swells, locks or gets worse, and seek urgent care for fever."
)


def never(_: str) -> bool:
    return False


def says_doctor(answer: str) -> bool:
    return "see a doctor" in answer.lower()


def config(threshold: float = 0.0, **weights: float) -> QualityConfig:
    chosen = {"accuracy": 1.0, "caution": 1.0, "empathy": 1.0, "disclaimer": 1.0, "structure": 1.0, **weights}
    return QualityConfig(weights=QualityWeights(**chosen), threshold=threshold, max_words=400)


STEP = Quality(config(), never)


@pytest.mark.parametrize(
    ("criterion", "better", "worse"),
    [
        ("accuracy", GOOD, "You have arthritis."),
        ("accuracy", "Runner's knee may be the cause.", "The weather may be the cause."),
        ("caution", "See a doctor if it gets worse.", "It is a bruise."),
        ("empathy", "I'm so sorry, that sounds really hard.", "Rest the knee."),
        ("structure", GOOD, "knee bad rest it ice it then run"),
        ("structure", "Rest it. Use ice. Then start again slowly.", "Rest it use ice then start again slowly"),
    ],
)
def test_the_better_answer_has_more_of_it(criterion: str, better: str, worse: str) -> None:
    assert STEP.criteria(QUESTION, better)[criterion] > STEP.criteria(QUESTION, worse)[criterion]


def test_every_criterion_and_the_score_lie_between_0_and_1() -> None:
    for answer in ("", "?", GOOD, GOOD * 40, "you have cancer, guaranteed " * 30):
        criteria = STEP.criteria(QUESTION, answer)
        assert all(0 <= value <= 1 for value in criteria.values())
        assert 0 <= STEP.score(criteria) <= 1


def test_the_score_is_the_weighted_mean() -> None:
    criteria = {"accuracy": 0.2, "caution": 0.4, "empathy": 0.6, "disclaimer": 1.0, "structure": 0.8}
    step = Quality(config(accuracy=3.0, caution=0.0, empathy=0.0, disclaimer=1.0, structure=0.0), never)

    assert step.score(criteria) == pytest.approx((3 * 0.2 + 1.0) / 4)


def test_a_disclaimer_is_what_the_callable_says() -> None:
    step = Quality(config(), says_doctor)

    assert step.criteria(QUESTION, GOOD)["disclaimer"] == 1.0
    assert step.criteria(QUESTION, "Rest.")["disclaimer"] == 0.0


def test_a_low_score_leaves_and_is_kept_on_the_row() -> None:
    step = Quality(config(threshold=0.4), never)

    good, bad = step([Row("a:1", "", QUESTION, GOOD), Row("a:2", "", QUESTION, "Dunno")])

    assert isinstance(good, Row)
    assert good.quality is not None
    assert [name for name, _ in good.criteria] == ["accuracy", "caution", "empathy", "disclaimer", "structure"]
    assert isinstance(bad, Rejection)
    assert bad.reason == "low_quality"
    assert bad.row.quality is not None


def test_a_second_time_changes_nothing_and_the_step_travels() -> None:
    (once,) = STEP([Row("a:1", "", QUESTION, GOOD)])

    assert isinstance(once, Row)
    assert pickle.loads(pickle.dumps(STEP))([once])[0] is once


def test_weights_of_nothing_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"curation\.quality\.weights: one of them"):
        config(accuracy=0.0, caution=0.0, empathy=0.0, disclaimer=0.0, structure=0.0)


def test_spearman_is_the_correlation_of_ranks() -> None:
    one, other = [1.0, 2, 2, 5, 3, 0, 0], [2.0, 1, 4, 4, 5, 0, 1]

    def ranks(values: list[float]) -> list[float]:
        """Each value's place; equal ones share the mean of theirs."""
        return [sum(v < value for v in values) + (values.count(value) + 1) / 2 for value in values]

    assert spearman(one, other) == pytest.approx(statistics.correlation(ranks(one), ranks(other)))


def test_empathy_follows_what_people_see() -> None:
    with gzip.open(shared_data("empathy/epitome.jsonl.gz"), "rt", encoding="utf-8") as lines:
        items = [json.loads(line) for line in lines][::4]
    scores = [STEP.criteria("", item["response_post"])["empathy"] for item in items]

    assert spearman(scores, [float(item["levels"]["emotional_reactions"]) for item in items]) >= 0.4
