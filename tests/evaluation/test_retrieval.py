"""BM25 against its formula written out."""

import json
import math
import re
from collections import Counter
from importlib.resources import files

import pytest

from medgenius.data.dialogue import Dialogue, Message
from medgenius.evaluation.retrieval import K1, B, Retriever


@pytest.fixture(scope="module")
def dialogues() -> list[Dialogue]:
    lines = (files("medgenius") / "data" / "sample" / "dialogues.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [Dialogue(row["instruction"], row["input"], row["output"], f"sample:{i}") for i, row in enumerate(rows)]


def plain_scores(dialogues: list[Dialogue], question: str) -> list[float]:
    """Robertson and Zaragoza, 2009, equation 3.15, with Lucene's inverse document frequency."""
    texts = [Counter(re.findall(r"\w+", dialogue.input.casefold())) for dialogue in dialogues]
    mean = sum(text.total() for text in texts) / len(texts)
    scores = []
    for text in texts:
        score = 0.0
        for word in re.findall(r"\w+", question.casefold()):
            holding = sum(word in other for other in texts)
            inverse = math.log(1 + (len(texts) - holding + 0.5) / (holding + 0.5))
            score += inverse * text[word] / (text[word] + K1 * (1 - B + B * text.total() / mean))
        scores.append(score)
    return scores


@pytest.mark.parametrize("question", ["My chest hurts when I run", "Is is is it safe? IBUPROFEN, and wine", "zzz qqq"])
def test_scores_are_those_of_the_formula(dialogues: list[Dialogue], question: str) -> None:
    assert Retriever(dialogues).scores(question) == pytest.approx(plain_scores(dialogues, question), rel=1e-5)


def test_a_question_finds_itself_first(dialogues: list[Dialogue]) -> None:
    retriever = Retriever(dialogues)

    assert all(retriever.nearest(dialogue.input, 3)[0] is dialogue for dialogue in dialogues[::40])


def test_only_what_shares_a_word_is_shown(dialogues: list[Dialogue]) -> None:
    few = [Dialogue("", "sore knee", "Rest it.", "1"), Dialogue("", "sore throat", "Tea.", "2"), dialogues[0]]
    retriever = Retriever(few)

    assert [found.where for found in retriever.nearest("throat, sore", 2)] == ["2", "1"]
    assert retriever.nearest("zebra", 2) == []


def test_the_nearest_stands_next_to_the_question() -> None:
    few = [Dialogue("", "sore knee", "Rest it.", "1"), Dialogue("", "sore throat", "Tea.", "2")]

    assert Retriever(few).prompt_for("My throat is sore", 2, "Be kind.") == [
        Message("system", "Be kind."),
        Message("user", "sore knee"),
        Message("assistant", "Rest it."),
        Message("user", "sore throat"),
        Message("assistant", "Tea."),
        Message("user", "My throat is sore"),
    ]


def test_nothing_to_look_up_is_said() -> None:
    with pytest.raises(ValueError, match="nothing to look up"):
        Retriever([Dialogue("", "?!", "x", "1")])
