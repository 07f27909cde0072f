"""How far the wording reaches that makes a finding not count: family, past, fear, lessons, results, negations."""

import pytest

from medgenius.safety import assess


@pytest.mark.parametrize(
    "text",
    [
        "My mom lost consciousness",
        "My friend had a seizure and is not breathing",
        "My neighbour had a fall, he is unconscious",
        "My brother had chest pain and then collapsed, he has no pulse",
        "My friend tried to kill herself",
        "My mother died and I want to kill myself",
        "My father had a heart attack and now I have chest pain",
        "I have crushing chest pain and my father had a heart attack at 50",
        "My mother had a stroke just now",
    ],
)
def test_an_emergency_of_a_relative_is_no_family_history(text: str) -> None:
    assert assess(text).emergency


@pytest.mark.parametrize(
    "text",
    [
        "My father had high cholesterol, chest pain and a heart attack at 50",
        "My mother who had a heart attack at 50 was a smoker",
        "My dad had seizures at 60. I'm well, should I be tested?",
        "My grandmother had chest pain and my grandfather had a stroke, should I worry?",
    ],
)
def test_family_history_is_none_of_the_patient(text: str) -> None:
    assert not assess(text).emergency


@pytest.mark.parametrize(
    "text",
    [
        "58 year old man with history of hypertension presents with crushing chest pain",
        "patient with history of asthma who cannot breathe",
        "My husband was diagnosed with angina in 2015 and has crushing chest pain",
        "I have a history of depression and I want to kill myself",
        "I was diagnosed with depression in 2019 and I want to kill myself",
        "I have crushing chest pain and I was diagnosed with asthma in 2019",
        "My husband died last year and I want to die",
        "I used to smoke and now I'm coughing up blood",
        "I was told in 2018 it was nothing, I am coughing up blood",
    ],
)
def test_the_past_ends_where_the_present_begins(text: str) -> None:
    assert assess(text).emergency


@pytest.mark.parametrize(
    "text",
    [
        "In 2012, I had slurred speech",
        "I had chest pain in 2009 and I was fine",
        "I was planning to kill myself in 2010. I am well today.",
        "I used to have attacks where I was fighting for breath and had chest pain",
    ],
)
def test_the_past_goes_on_in_the_past_tense(text: str) -> None:
    assert not assess(text).emergency


@pytest.mark.parametrize(
    "text",
    [
        "I'm allergic to peanuts and my throat is swelling",
        "For one day I've had crushing chest pain",
        "My one day old baby is not breathing",
        "I am worried about my wife who is unconscious",
        "I am afraid of hospitals but I have crushing chest pain",
    ],
)
def test_fear_ends_where_something_is_there(text: str) -> None:
    assert assess(text).emergency


@pytest.mark.parametrize(
    "text",
    [
        "One day I might have slurred speech like my uncle",
        "What should I do if someone collapses and he is not breathing?",
        "My brother is allergic to peanuts, how can we prevent anaphylaxis?",
    ],
)
def test_what_may_be_is_not_there(text: str) -> None:
    assert not assess(text).emergency


@pytest.mark.parametrize(
    "text",
    [
        "I'm revising for exams and I want to kill myself",
        "I want to kill myself because of my exams next week",
        "I have an exam next week and I want to end my life",
        "My homework is too much. I want to kill myself.",
        "I'm a nursing student and I have crushing chest pain",
        "I have crushing chest pain, exam tomorrow",
        "I can't breathe and I have an exam tomorrow",
        "I have an exam next week and now I have crushing chest pain",
        "I have an exam next week but I want to kill myself",
    ],
)
def test_a_lesson_hides_nothing_that_its_writer_has(text: str) -> None:
    assert assess(text).emergency


@pytest.mark.parametrize(
    "text",
    [
        "I have an exam tomorrow on chest pain and shortness of breath",
        "Exam question: a 58 year old man has crushing chest pain, diagnosis?",
        "For my thesis I describe a man who has slurred speech and he cannot breathe",
    ],
)
def test_a_lesson_is_no_emergency(text: str) -> None:
    assert not assess(text).emergency


@pytest.mark.parametrize(
    "text",
    [
        "The GP said it's a muscle. I can't breathe and my chest is crushing.",
        "The GP said it's a muscle but I can't breathe",
        "My ECG was normal last year. I have crushing chest pain and I'm sweating.",
        "I have crushing chest pain and my ECG was normal last year",
        "They discharged us yesterday and my baby is not breathing",
        "COVID was ruled out. I cannot breathe and my lips are blue.",
    ],
)
def test_what_was_cleared_clears_nothing_else(text: str) -> None:
    assert assess(text).emergency


@pytest.mark.parametrize(
    "text", ["I had chest pain, the doctor said it's reflux", "Passed out, the doctor ruled out worse"]
)
def test_what_was_cleared_does_not_count(text: str) -> None:
    assert not assess(text).emergency


@pytest.mark.parametrize(
    "text",
    ["Denies fever, has chest pain", "No fever and has crushing chest pain", "No rash and is vomiting blood"],
)
def test_a_negation_ends_where_something_is_asserted(text: str) -> None:
    assert assess(text).emergency
