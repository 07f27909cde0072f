"""Rows that overlap with an evaluation set leave, and no others."""

import random
from pathlib import Path

import pytest

from medgenius.config.curation.decontaminate import DecontaminateConfig
from medgenius.curation.row import Rejection, Row
from medgenius.curation.similarity import words
from medgenius.curation.steps.decontaminate import Decontaminate
from medgenius.errors import DataError
from tests.curation import small
from tests.curation.test_duplicates import text

IGNORED = ["id", "answer"]


def step(*sets: Path, ngram: int = 13, similarity: float = 0.6) -> Decontaminate:
    return Decontaminate(
        DecontaminateConfig(sets=[str(path) for path in sets], ngram=ngram, similarity=similarity, ignored_keys=IGNORED)
    )


@pytest.fixture(scope="module")
def items() -> list[dict[str, object]]:
    draw = random.Random(0)
    return [
        {
            "id": f"q{i}",
            "question": text(draw, 12),
            "choices": [text(draw, 6) for _ in range(4)],
            "context": text(draw, 90),
        }
        for i in range(400)
    ]


@pytest.fixture(scope="module")
def found(items: list[dict[str, object]], tmp_path_factory: pytest.TempPathFactory) -> Decontaminate:
    return step(small.write_jsonl(tmp_path_factory.mktemp("sets") / "exam.jsonl", items))


def details(found: Decontaminate, *rows: Row) -> list[str]:
    return [result.detail if isinstance(result, Rejection) else "" for result in found(rows)]


def test_a_run_of_thirteen_words_is_enough_and_twelve_are_not(
    found: Decontaminate, items: list[dict[str, object]]
) -> None:
    draw = random.Random(1)
    context = str(items[7]["context"]).split()
    rows = [
        Row(
            f"r:{n}", "", text(draw, 50), f"{text(draw, 60)} {' '.join(context[20 : 20 + n]).upper()}! {text(draw, 60)}"
        )
        for n in (12, 13, 30)
    ]

    assert details(found, *rows) == ["", "exam.jsonl item q7", "exam.jsonl item q7"]


def test_a_question_that_is_almost_that_of_an_item_leaves(found: Decontaminate, items: list[dict[str, object]]) -> None:
    question = str(items[42]["question"]).split()
    almost = Row("r:1", "", " ".join([*question, "please"]), "yes")
    half = Row("r:2", "", " ".join(question[:6]), "yes")

    assert details(found, almost, half) == ["exam.jsonl item q42", ""]


def test_it_finds_what_comparing_every_pair_finds(found: Decontaminate, items: list[dict[str, object]]) -> None:
    draw = random.Random(2)

    def grams(text: str, length: int) -> set[tuple[str, ...]]:
        split = words(text)
        return {tuple(split[i : i + length]) for i in range(len(split) - length + 1)}

    def padded(text: str) -> set[tuple[str, ...]]:
        return grams(f"_ _ {text} _ _", 3)

    texts = [str(t) for item in items for t in (item["question"], *item["choices"], item["context"])]  # type: ignore[misc]
    rows = []
    for number in range(150):
        question = draw.choice(texts).split()
        for _ in range(draw.randrange(0, 6)):
            question[draw.randrange(len(question))] = draw.choice(["new", "other"])
        rows.append(Row(f"r:{number}", "", " ".join(question), text(draw, 20)))
    expected = [
        any(
            grams(row.input, 13) & grams(other, 13)
            or len(padded(row.input) & padded(other)) >= 0.6 * len(padded(row.input) | padded(other))
            for other in texts
        )
        for row in rows
    ]

    assert [isinstance(result, Rejection) for result in found(rows)] == expected
    assert 20 < sum(expected) < 130


def test_keys_that_hold_no_text_of_their_own_are_left_out(tmp_path: Path) -> None:
    path = small.write_jsonl(
        tmp_path / "s.jsonl", [{"answer": "one two three four five six", "question": "a b c d e f"}]
    )
    row = Row("r:1", "", "something else altogether", "one two three four five six")

    assert step(path)([row]) == [row]


def test_no_sets_no_overlap() -> None:
    row = Row("r:1", "", "a question", "an answer")

    assert step()([row]) == [row]


def test_a_set_without_text_or_with_a_broken_item_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"decontaminate\.sets: .*s\.jsonl: no item with text"):
        step(small.write_jsonl(tmp_path / "s.jsonl", [{"id": "only this here and nothing else"}]))
    broken = tmp_path / "b.jsonl"
    broken.write_text('{"question": \n')
    with pytest.raises(DataError, match=r"decontaminate\.sets: .*b\.jsonl:1: is not valid JSON"):
        step(broken)
