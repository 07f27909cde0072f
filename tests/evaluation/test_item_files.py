"""Files of items: what is read, and one line for each thing that is wrong."""

import gzip
import json
from pathlib import Path

import pytest

from medgenius.errors import DataError
from medgenius.evaluation.item_files import read_choices, read_harmful, read_triage
from medgenius.evaluation.items import ChoiceQuestion
from tests.shared import shared_data

GOOD = {"id": "a", "question": "Which?", "choices": ["one", "two", "three"], "answer": 0}


def written(tmp_path: Path, *rows: object) -> Path:
    path = tmp_path / "items.jsonl"
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("answer", "index"), [(0, 0), (2, 2), ("two", 1), (" three ", 2), ("A", 0), ("c", 2), ("B", 1)]
)
def test_an_answer_is_an_index_a_text_or_a_letter(answer: object, index: int, tmp_path: Path) -> None:
    (question,) = read_choices(written(tmp_path, {**GOOD, "answer": answer}))

    assert question == ChoiceQuestion("a", "Which?", "", ("one", "two", "three"), index)


def test_the_text_of_a_choice_goes_before_a_letter(tmp_path: Path) -> None:
    (question,) = read_choices(written(tmp_path, {**GOOD, "choices": ["B", "A"], "answer": "A"}))

    assert question.answer == 1


def test_context_and_gzip_are_read(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl.gz"
    with gzip.open(path, "wt") as stream:
        stream.write(json.dumps({**GOOD, "context": "before it"}) + "\n")

    assert read_choices(path)[0].context == "before it"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({**GOOD, "answer": None}, "has no 'answer'"),
        ({key: value for key, value in GOOD.items() if key != "answer"}, "has no 'answer'"),
        ({**GOOD, "answer": 3}, "'answer' is 3, and there are choices 0 to 2"),
        ({**GOOD, "answer": -1}, "'answer' is -1"),
        ({**GOOD, "answer": True}, "'answer' is a truth value"),
        ({**GOOD, "answer": 1.0}, "'answer' is a number, not an index"),
        ({**GOOD, "answer": "D"}, "'answer' is none of the 3 choices, and no letter from A to C"),
        ({**GOOD, "answer": "One"}, "'answer' is none of the 3 choices"),
        ({**GOOD, "choices": ["one"]}, "'choices' is no list of two or more texts"),
        ({**GOOD, "choices": ["one", "one"], "answer": "one"}, "'answer' is the text of two of the 'choices'"),
        ({**GOOD, "choices": ["one", ""]}, "'choices[1]' is empty"),
        ({**GOOD, "choices": ["one", 2]}, "'choices[1]' is a number, not text"),
        ({**GOOD, "question": " "}, "'question' is empty"),
        ({**GOOD, "question": "a\0b"}, "'question' holds a NUL byte"),
        ({key: value for key, value in GOOD.items() if key != "question"}, "has no key 'question'"),
        ({**GOOD, "id": None}, "'id' is null"),
        ({**GOOD, "id": ""}, "'id' is empty"),
        (["no", "object"], "is not an object with keys but a list"),
        ("{broken", "is not valid JSON"),
        ({**GOOD, "id": "first"}, "the id 'first' stood there before"),
    ],
)
def test_a_wrong_row_is_one_line_with_its_number(row: object, says: str, tmp_path: Path) -> None:
    path = written(tmp_path, {**GOOD, "id": "first"}, row)

    with pytest.raises(DataError) as raised:
        read_choices(path)
    assert str(raised.value).startswith(f"{path}:2: {says}")
    assert "\n" not in str(raised.value)


def test_an_empty_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no item in it"):
        read_harmful(written(tmp_path))


def test_a_case_without_a_label_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r":1: 'escalate' is text, not true or false"):
        read_triage(written(tmp_path, {"id": "v", "text": "chest pain", "escalate": "yes"}))


def test_the_public_sets_are_read_whole() -> None:
    assert len(read_choices(shared_data("eval/medmcqa_dev.jsonl.gz"))) == 4183
    assert len(read_choices(shared_data("eval/pubmedqa_l.jsonl.gz"))) == 1000
    assert sum(item.escalate for item in read_triage(shared_data("safety/triage_vignettes.jsonl.gz"))) == 116
    assert len(read_harmful(shared_data("safety/medsafety_test.jsonl.gz"))) == 900
