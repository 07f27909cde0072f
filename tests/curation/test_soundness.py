"""What leaves for which reason, and what must not."""

import gzip
import json
import pickle

import pytest

from medgenius.config.curation.soundness import SoundnessConfig
from medgenius.curation.language import Languages
from medgenius.curation.row import Rejection, Row
from medgenius.curation.steps.soundness import Soundness
from tests.shared import shared_data

CONFIG = SoundnessConfig(
    languages=["en"],
    language_confidence=0.6,
    min_answer_words=4,
    max_words=2000,
    max_characters=12_000,
    min_medical_terms=1,
    reject_unanswered=True,
)
STEP = Soundness(CONFIG)
QUESTION = "Why does my knee hurt after running?"


def reason(question: str, answer: str) -> str | None:
    (result,) = STEP([Row("a:1", "Answer.", question, answer)])
    return result.reason if isinstance(result, Rejection) else None


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("", "Rest and ice help a sore knee.", "question_missing"),
        (" ?! ", "Rest and ice help a sore knee.", "question_missing"),
        (QUESTION, "", "empty_answer"),
        (QUESTION, "...", "empty_answer"),
        (QUESTION, "Right.", "one_word_answer"),
        (QUESTION, "[doctor] okay .", "one_word_answer"),
        (QUESTION, "Okay, all right, good.", "backchannel"),
        (QUESTION, "Mm-hmm, yeah.", "backchannel"),
        (QUESTION, "Why does my knee hurt after running", "answer_repeats_question"),
        (QUESTION, "La rodilla puede doler después de correr si el cartílago está irritado.", "wrong_language"),
        (QUESTION, "It may be runner's knee. The pain comes from the cartilage behind the", "unfinished"),
        (QUESTION, "It may be runner's knee. Your doctor will look at the knee and give you a", "unfinished"),
        (QUESTION, "It may be runner's knee. Rest it, use ice, and if it does not get better,", "unfinished"),
        (QUESTION, "knee " * 2100, "too_long"),
        (QUESTION, "k" * 12_100, "too_long"),
        ("What is the capital of France?", "The capital of France is the city of Paris.", "not_medical"),
        (QUESTION, "How far do you run, and on what ground?", "does_not_answer"),
        (QUESTION, "Please see our website for more: [URL]", "does_not_answer"),
    ],
)
def test_what_leaves(question: str, answer: str, expected: str) -> None:
    assert reason(question, answer) == expected


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (QUESTION, "It may be runner's knee. Rest it for two weeks."),
        (QUESTION, "Tendinitis."),
        (QUESTION, "Take ibuprofen."),
        (QUESTION, "Tendinopathy."),
        (QUESTION, "It may be bursitis, does it swell after running?"),
        ("[doctor] hi [patient] hello my knee hurts", "how long has it hurt ?"),
        ("[patient] it hurts here", "okay so i am going to look at your knee and then we will see what the"),
        ("What are the symptoms of anemia?", "Fatigue\nPale skin\nShortness of breath"),
        (QUESTION, "It may be bursitis. What it is depends on where the pain sits, and what you can do about it"),
        (QUESTION, "Is it swollen? If so, rest it, and see a doctor if the swelling stays."),
        (QUESTION, "Cartilage heals slowly. Eat liver and carrots, which are both rich in vitamin A"),
        (QUESTION, "Blood groups are no cause. The group of your baby, as the test says, is A"),
        ("¿Por qué?", "Knee pain after running is often runner's knee, which gets better with rest and strength."),
    ],
)
def test_what_stays(question: str, answer: str) -> None:
    assert reason(question, answer) is None


def test_the_step_travels_to_workers_and_keeps_sound_rows_as_they_are() -> None:
    row = Row("a:1", "", QUESTION, "Rest and ice help a sore knee.")

    assert pickle.loads(pickle.dumps(STEP))([row])[0] is row


@pytest.mark.parametrize("code", ["en", "es", "fr", "it"])
def test_languages_are_told_apart(code: str) -> None:
    languages = Languages()
    with gzip.open(shared_data(f"multilingual/casimedicos_{code}.jsonl.gz"), "rt", encoding="utf-8") as lines:
        found = [languages.of(json.loads(line)["explanation"]) for line in lines]

    known = [language.code for language in found if language]
    assert len(known) >= 0.98 * len(found)
    assert known.count(code) / len(known) >= 0.995
