"""Raw files of every form become rows; what is no row is rejected with its place and the kind of its defect."""

import csv
import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medgenius.config.curate import RawData
from medgenius.config.data import Columns
from medgenius.curation.read import read_rows, sources
from medgenius.curation.row import Rejection, Row
from medgenius.errors import DataError
from tests.curation import small

ROWS = [
    {"instruction": "Answer.", "input": "Why does it itch?", "output": "Dry skin, mostly.", "source": "a"},
    {"instruction": "", "input": "And now?\nSince May", "output": "Wait.\x07 <b>A</b> week.", "source": "b"},
]


def config(path: Path, **values: object) -> RawData:
    columns = Columns(instruction="instruction", input="input", output="output")
    given = {"columns": columns, "max_row_bytes": 1_000_000, "turns": "last", "source": "", "licence": "", **values}
    return RawData.model_validate({"path": str(path), **given})


def read(path: Path, **values: object) -> list[Row | Rejection]:
    chosen = config(path, **values)
    return list(read_rows(sources(chosen, path.parent / "out"), chosen))


def one(value: object, folder: Path, **values: object) -> list[Row | Rejection]:
    return read(small.write_jsonl(folder / "d.jsonl", [value]), **values)


def rows_of(found: list[Row | Rejection]) -> list[Row]:
    assert all(isinstance(row, Row) for row in found)
    return [row for row in found if isinstance(row, Row)]


def write(folder: Path, name: str) -> Path:
    path = folder / name
    plain = name.removesuffix(".gz")
    if plain.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(ROWS), path)
        return path
    if plain.endswith(".csv"):
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(ROWS[0]))
            writer.writeheader()
            writer.writerows(ROWS)
    elif plain.endswith(".json"):
        path.write_text(json.dumps(ROWS, indent=1), encoding="utf-8")
    else:
        small.write_jsonl(path, ROWS)
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(path.read_bytes()))
    return path


@pytest.mark.parametrize("name", ["d.jsonl", "d.json", "d.csv", "d.parquet", "d.jsonl.gz", "d.json.gz", "d.csv.gz"])
def test_every_format_gives_the_same_rows_untouched(name: str, tmp_path: Path) -> None:
    rows = rows_of(read(write(tmp_path, name)))

    assert [(row.instruction, row.input, row.output, row.source) for row in rows] == [
        tuple(row.values()) for row in ROWS
    ]
    assert len({row.key for row in rows}) == 2
    assert all(row.key.startswith(f"{name}:") for row in rows)


def test_a_json_list_is_not_held_in_memory_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_text("[" + ", ".join(json.dumps({"input": f"q{i} é", "output": "a" * 500}) for i in range(9000)) + "]")
    rows = rows_of(read(path))

    assert [row.input for row in rows] == [f"q{i} é" for i in range(9000)]


def test_a_folder_is_read_file_by_file_and_rows_are_named_below_it(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.jsonl", "a.csv", "sub/c.json"):
        write(tmp_path, name)
    (tmp_path / "notes.txt").write_text("no rows")

    assert [row.key for row in rows_of(read(tmp_path))] == [
        "a.csv:2", "a.csv:3", "b.jsonl:1", "b.jsonl:2", "sub/c.json:row 1", "sub/c.json:row 2"
    ]  # fmt: skip


def test_what_a_curation_wrote_below_the_folder_is_no_raw_row(tmp_path: Path) -> None:
    write(tmp_path, "a.csv")
    for folder in ("out/.work/00-read", ".cache"):
        (tmp_path / folder).mkdir(parents=True)
        write(tmp_path / folder, "part.json")
    write(tmp_path / "out", "dialogues.jsonl")
    chosen = config(tmp_path)

    assert [source.name for source in sources(chosen, tmp_path / "out")] == ["a.csv"]
    assert [source.name for source in sources(chosen, tmp_path)] == ["a.csv", "out/dialogues.jsonl"]


def test_a_folder_without_readable_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no JSON, JSONL, CSV or Parquet file"):
        read(tmp_path)


def test_other_column_names_and_defaults_for_source_and_licence(tmp_path: Path) -> None:
    columns = Columns(instruction="instruction", input="question", output="answer")
    value = {"question": "q", "answer": "a", "license": "MIT", "category": "cardiology", "urgency": "urgent"}
    (row,) = rows_of(one(value, tmp_path, columns=columns, source="mine", licence="CC0"))

    assert (row.input, row.output, row.source, row.licence) == ("q", "a", "mine", "MIT")
    assert (row.category, row.urgency) == ("cardiology", "urgent")


def test_an_unknown_category_or_urgency_is_not_taken_over(tmp_path: Path) -> None:
    (row,) = rows_of(
        one({"input": "q", "output": "a", "category": "hearts", "urgency": "soon", "confidence": 1}, tmp_path)
    )

    assert (row.category, row.urgency, row.confidence) == ("", "", 0.0)
    assert {(change.part, change.rule) for change in row.changes} == {
        ("category", "unknown_category"),
        ("urgency", "unknown_urgency"),
    }


def test_labels_are_read_as_people_write_them_and_what_is_no_text_is_counted(tmp_path: Path) -> None:
    labels = {"category": "Mental Health", "urgency": "Urgent", "source": 17, "license": ["MIT"], "licence": None}
    (row,) = rows_of(one({"input": "q", "output": "a", **labels}, tmp_path, source="mine"))

    assert (row.category, row.urgency, row.source, row.licence) == ("mental_health", "urgent", "mine", "")
    assert {(change.part, change.rule) for change in row.changes} == {
        ("source", "source_not_text"),
        ("licence", "licence_not_text"),
    }


@pytest.mark.parametrize("part", ["instruction", "input", "output"])
def test_a_column_that_no_row_has_is_one_line(part: str, tmp_path: Path) -> None:
    names = {"instruction": "instruction", "input": "input", "output": "output", part: "sytem"}
    path = small.write_jsonl(tmp_path / "d.jsonl", ROWS)

    with pytest.raises(DataError, match=rf"none of 2 rows has the key 'sytem' of data\.columns\.{part}") as error:
        read(path, columns=Columns(**names))
    assert "\n" not in str(error.value)


def test_one_row_that_has_the_column_is_enough(tmp_path: Path) -> None:
    columns = Columns(instruction="system", input="input", output="output")
    rows = [{"input": "q", "output": "a"}, {"input": "q", "output": "b", "system": "Be kind."}, OPENAI]
    found = rows_of(read(small.write_jsonl(tmp_path / "d.jsonl", rows), columns=columns))

    assert [row.instruction for row in found] == ["", "Be kind.", "Be kind."]


OPENAI = {
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "My knee hurts."},
        {"role": "assistant", "content": "Since when?"},
        {"role": "user", "content": [{"type": "text", "text": "Since May."}]},
        {"role": "assistant", "content": "See a doctor."},
    ]
}
SHAREGPT = {
    "conversations": [
        {"from": "system", "value": "Be kind."},
        {"from": "human", "value": "My knee hurts."},
        {"from": "gpt", "value": "Since when?"},
        {"from": "human", "value": "Since May."},
        {"from": "gpt", "value": "See a doctor."},
    ]
}
CONTEXT = "Patient: My knee hurts.\nDoctor: Since when?\nPatient: Since May."


@pytest.mark.parametrize("value", [OPENAI, SHAREGPT])
def test_a_conversation_is_its_last_answer_after_all_that_came_before(value: object, tmp_path: Path) -> None:
    (row,) = rows_of(one(value, tmp_path))

    assert (row.key, row.instruction, row.input, row.output) == ("d.jsonl:1", "Be kind.", CONTEXT, "See a doctor.")


@pytest.mark.parametrize("value", [OPENAI, SHAREGPT])
def test_a_conversation_may_be_a_row_for_each_answer(value: object, tmp_path: Path) -> None:
    first, second = rows_of(one(value, tmp_path, turns="each"))

    assert (first.key, first.input, first.output) == ("d.jsonl:1#1", "My knee hurts.", "Since when?")
    assert (second.key, second.input, second.output) == ("d.jsonl:1#2", CONTEXT, "See a doctor.")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"input": "q"}, "missing_key"),
        ({"input": 3, "output": "a"}, "not_text"),
        ({"input": "q", "output": " "}, "empty_text"),
        ({"input": "q", "output": "\ud800"}, "not_utf8"),
        ({"input": "q", "output": "a" * 1_000_001}, "too_long"),
        (["q", "a"], "not_an_object"),
        ({"messages": "hello"}, "not_a_conversation"),
        ({"messages": [{"role": "user", "content": "q"}]}, "no_answer_turn"),
        ({"messages": [{"role": "tool", "content": "q"}]}, "unknown_role"),
        ({"messages": [{"role": "user", "content": None}]}, "not_text"),
    ],
)
def test_what_is_no_row_is_rejected_by_kind(value: object, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(json.dumps({"input": "q", "output": "a"}) + "\n" + json.dumps(value) + "\n")
    good, bad = read(path)

    assert isinstance(good, Row)
    assert isinstance(bad, Rejection)
    assert (bad.step, bad.reason, bad.row.key) == ("read", reason, "d.jsonl:2")


def test_a_line_that_is_no_json_is_rejected_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_bytes(b'{"input": "q", "output": "a"}\n{"input": \n\xff\n{"input": "q", "output": "b"}\n')
    found = read(path)

    assert [row.reason for row in found if isinstance(row, Rejection)] == ["not_json", "not_utf8"]
    assert len(found) == 4


@pytest.mark.parametrize("name", ["d.csv", "d.parquet"])
def test_a_table_without_the_columns_is_one_line_that_says_how_to_name_them(name: str, tmp_path: Path) -> None:
    columns = Columns(instruction="instruction", input="question", output="output")

    with pytest.raises(DataError, match=r"no column 'question'; name yours with data\.columns\.input=") as error:
        read(write(tmp_path, name), columns=columns)
    assert "\n" not in str(error.value)
