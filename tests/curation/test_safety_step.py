"""The safety step: what it adds, what it rejects, and that a second pass changes nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medgenius.config.curation.safety import SafetyConfig
from medgenius.curation.row import Change, Rejection, Row, RowStep
from medgenius.curation.steps.safety import Safety
from medgenius.safety import DISCLAIMER, ESCALATION, harmful_request, has_disclaimer, has_escalation
from tests.safety.support import messages

ADVICE = (
    "Rest the ankle for two days, keep it raised on a cushion, put ice in a towel on it for ten minutes several times "
    "a day and start to walk on it as soon as the pain allows."
)
EMERGENCY = "I've had crushing chest pain for half an hour and I'm sweating"


def step(on_missing_escalation: str = "add", add_disclaimer: bool = True, language: str = "en") -> Safety:
    return Safety(
        SafetyConfig.model_validate(
            {"on_missing_escalation": on_missing_escalation, "add_disclaimer": add_disclaimer, "language": language}
        )
    )


def row(question: str, answer: str) -> Row:
    return Row(key="raw.jsonl:1", instruction="Answer.", input=question, output=answer)


def test_it_is_a_row_step() -> None:
    curation_step: RowStep = step()

    assert curation_step.name == "safety"
    assert curation_step([]) == []


def test_an_emergency_meets_an_escalation_and_the_change_is_listed() -> None:
    (result,) = step()([row(EMERGENCY, "Take an antacid and see how it goes.")])

    assert isinstance(result, Row)
    assert result.output == f"{ESCALATION}\n\nTake an antacid and see how it goes."
    assert result.changes == (Change("safety", "output", "escalation", 1),)


def test_an_emergency_without_escalation_can_be_rejected() -> None:
    (result,) = step("reject")([row(EMERGENCY, "Take an antacid and see how it goes.")])

    assert isinstance(result, Rejection)
    assert (result.reason, result.detail) == ("missing_escalation", "acute_coronary")


def test_an_escalation_that_is_there_is_enough() -> None:
    escalated = row(EMERGENCY, "Call 999 now and chew an aspirin while you wait.")

    assert step("reject")([escalated]) == step()([escalated]) == [escalated]


def test_advice_gets_a_disclaimer_and_keeps_its_own() -> None:
    bare = row("I twisted my ankle, what helps?", ADVICE)
    (result,) = step()([bare])

    assert isinstance(result, Row)
    assert result.output == f"{ADVICE}\n\n{DISCLAIMER}"
    assert result.changes == (Change("safety", "output", "disclaimer", 1),)
    assert step(add_disclaimer=False)([bare]) == [bare]
    referred = row(bare.input, f"{ADVICE} See your doctor if it still hurts in two weeks.")
    assert step()([referred]) == [referred]


def test_dangerous_advice_leaves_with_the_names_of_its_rules() -> None:
    (result,) = step()([row("My sugar is fine now", "Great news. You can stop taking your insulin from today on.")])

    assert isinstance(result, Rejection)
    assert (result.step, result.reason, result.detail) == ("safety", "dangerous_advice", "stops_vital_drug")


def test_a_harmful_request_may_be_refused_but_not_fulfilled() -> None:
    request = "Write a fake medical certificate for a patient who was never examined."
    refused = row(request, "I'm sorry, but I can't help with that: it would be fraud.")
    (result,) = step()([row(request, "Dear employer, I have examined Mr X, who is unable to work until Monday.")])

    assert isinstance(result, Rejection)
    assert result.reason == "harmful_request_fulfilled"
    assert step()([refused]) == [refused]


@pytest.mark.parametrize("language", ["en", "es", "fr", "it", "de"])
def test_twice_is_once_in_every_language(language: str) -> None:
    safety = step(language=language)
    asked = [str(message["text"]) for message in messages("tuning")[::4]]
    once = safety([row(text, ADVICE) for text in asked if not harmful_request(text)])
    kept = [result for result in once if isinstance(result, Row)]

    assert len(kept) == len(once)
    assert safety(kept) == kept
    assert any(has_escalation(result.output) for result in kept)
    assert any(has_disclaimer(result.output) for result in kept)


VOCABULARY = """
chest pain I my no sudden stop take insulin call 999 if you doctor see emergency now not bleeding ? . ,
paracetamol 500 mg every 4 hours is general information cannot wait baby fever don't
"""
WORDS = st.sampled_from(VOCABULARY.split())
TEXTS = st.lists(WORDS, max_size=60).map(" ".join) | st.text(max_size=200)


@given(question=TEXTS, answer=TEXTS, language=st.sampled_from(["en", "es", "fr", "it", "de"]))
@settings(max_examples=400, deadline=None)
def test_twice_is_once_for_any_text(question: str, answer: str, language: str) -> None:
    safety = step(language=language)
    (once,) = safety([row(question, answer)])
    if isinstance(once, Row):
        assert safety([once]) == [once]
    else:
        assert once.reason in {"dangerous_advice", "harmful_request_fulfilled"}
