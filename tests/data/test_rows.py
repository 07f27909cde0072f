"""Files of dialogues: what is read, and what is said of every row that can't be."""

import csv
import gzip
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from medgenius.config.data import Columns
from medgenius.data.dialogue import Dialogue
from medgenius.data.rows import RowRules, read_rows
from medgenius.errors import DataError
from medgenius.reading.records import BadRow

RULES = RowRules(
    Columns(instruction="instruction", input="input", output="output"),
    default_instruction="Be kind.",
    max_row_bytes=1_000_000,
)
ROWS = [
    {"instruction": "Answer.", "input": "Why does it itch?", "output": "Dry skin, mostly."},
    {"instruction": "Answer.", "input": 'Ich sagte "Aua",\nzweimal — 痛い', "output": "See a doctor.\n\nToday."},
    {"instruction": "", "input": "  And now?  ", "output": " Wait. "},
]
READ = [
    ("Answer.", "Why does it itch?", "Dry skin, mostly."),
    ("Answer.", 'Ich sagte "Aua",\nzweimal — 痛い', "See a doctor.\n\nToday."),
    ("Be kind.", "And now?", "Wait."),
]
GOOD = b'{"input": "q", "output": "a"}\n'
SECRET = "Ms Marker has a lump"


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def jsonl(rows: list[dict[str, str]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def write_rows(path: Path, rows: list[dict[str, str]]) -> Path:
    """The rows in the format that the name says."""
    plain = path.with_suffix("") if path.suffix == ".gz" else path
    if plain.suffix == ".parquet":
        Dataset.from_list(rows).to_parquet(str(plain))
    elif plain.suffix == ".csv":
        with plain.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    elif plain.suffix == ".json":
        plain.write_text(json.dumps(rows, indent=2), encoding="utf-8")
    else:
        plain.write_bytes(jsonl(rows))
    if plain != path:
        path.write_bytes(gzip.compress(plain.read_bytes()))
    return path


def texts(rows: list[Dialogue | BadRow]) -> list[tuple[str, str, str]]:
    dialogues = [row for row in rows if isinstance(row, Dialogue)]
    assert len(dialogues) == len(rows)
    return [(dialogue.instruction, dialogue.input, dialogue.output) for dialogue in dialogues]


def only_bad(path: Path, rules: RowRules = RULES) -> BadRow:
    """The bad row between a good one and a good one."""
    before, bad, after = read_rows(path, rules)
    assert isinstance(before, Dialogue)
    assert isinstance(after, Dialogue)
    assert isinstance(bad, BadRow)
    return bad


@pytest.mark.parametrize(
    "name",
    [
        "d.jsonl",
        "d.ndjson",
        "d.json",
        "d.csv",
        "d.parquet",
        "d.jsonl.gz",
        "d.json.gz",
        "d.csv.gz",
        "D.JSONL",
        "D.CSV.GZ",
    ],
)
def test_every_format_gives_the_same_dialogues(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    write_rows(tmp_path / name.lower(), ROWS).rename(path)

    assert texts(list(read_rows(path, RULES))) == READ


def test_a_json_file_of_one_object_per_line_is_read_by_lines(tmp_path: Path) -> None:
    rows = list(read_rows(write(tmp_path / "d.json", jsonl(ROWS)), RULES))

    assert texts(rows) == READ
    assert [row.where for row in rows] == [f"{tmp_path}/d.json:{line}" for line in (1, 2, 3)]


def test_columns_of_other_names_are_read(tmp_path: Path) -> None:
    rules = RowRules(Columns(instruction="system", input="question", output="answer"), "Be kind.", 1000)
    first = b'{"question": "q", "answer": "a", "input": 5, "id": 7}\n'
    path = write(tmp_path / "d.jsonl", first + b'{"system": "Be brief.", "question": "r", "answer": "b"}\n')

    assert texts(list(read_rows(path, rules))) == [("Be kind.", "q", "a"), ("Be brief.", "r", "b")]


@pytest.mark.parametrize("instruction", ["", '"instruction": "", ', '"instruction": " \\n", ', '"instruction": null, '])
def test_a_row_without_instruction_gets_the_default_one(instruction: str, tmp_path: Path) -> None:
    path = write(tmp_path / "d.jsonl", f'{{{instruction}"input": "q", "output": "a"}}\n'.encode())

    assert texts(list(read_rows(path, RULES))) == [("Be kind.", "q", "a")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f'{{"input": "{SECRET}", "outp', "not valid JSON"),
        (f'{{"input": "{SECRET} \\q", "output": "a"}}', "not valid JSON"),
        (SECRET, "not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        (f'{{"input": "{SECRET}"}}', "no key 'output'"),
        (f'{{"output": "{SECRET}"}}', "no key 'input'"),
        (f'{{"input": "{SECRET}", "output": null}}', "'output' is null"),
        (f'{{"input": null, "output": "{SECRET}"}}', "'input' is null"),
        (f'{{"input": ["{SECRET}"], "output": "a"}}', "'input' is a list"),
        (f'{{"input": {{"{SECRET}": 1}}, "output": "a"}}', "'input' is an object"),
        (f'{{"input": "{SECRET}", "output": 7}}', "'output' is a number"),
        (f'{{"input": "{SECRET}", "output": false}}', "'output' is a truth value"),
        (f'{{"input": "{SECRET}", "output": "a", "instruction": 7}}', "'instruction' is a number"),
        (f'{{"input": "{SECRET}", "output": ""}}', "'output' is empty"),
        (f'{{"input": "{SECRET}", "output": " \\n\\t "}}', "'output' is empty"),
        (f'{{"input": "{SECRET}\\u0000", "output": "a"}}', "'input' holds a NUL byte"),
        (f'{{"input": "{SECRET}\0", "output": "a"}}', "holds a NUL byte"),
        (f'{{"input": "{SECRET}", "output": "\\ud800"}}', "'output' is not valid UTF-8"),
        (f'["{SECRET}", "a"]', "a list"),
        (f'"{SECRET}"', "text"),
        ("null", "null"),
        (f'{{"input": "{SECRET * 250_000}", "output": "a"}}', "over data.max_row_bytes=1,000,000"),
    ],
)
def test_a_bad_row_is_named_by_line_and_reason_without_its_text(line: str, reason: str, tmp_path: Path) -> None:
    bad = only_bad(write(tmp_path / "d.jsonl", GOOD + line.encode() + b"\n" + GOOD))

    assert bad.where == f"{tmp_path}/d.jsonl:2"
    assert reason in bad.reason
    assert "Marker" not in str(bad)
    assert len(bad.reason) < 120


def test_bytes_that_are_not_utf_8_are_named_by_line_and_place(tmp_path: Path) -> None:
    bad = only_bad(write(tmp_path / "d.jsonl", GOOD + b'{"input": "\xff", "output": "a"}\n' + GOOD))

    assert str(bad) == f"{tmp_path}/d.jsonl:2: is not valid UTF-8 at byte 12"


def test_a_row_of_just_the_limit_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    path = write(tmp_path / "d.jsonl", GOOD + GOOD.replace(b"q", b"qq") + GOOD)
    limit = len(GOOD.rstrip())

    bad = only_bad(path, RowRules(RULES.columns, "Be kind.", limit))

    assert bad.reason == f"is {limit + 2} bytes long, over data.max_row_bytes={limit}"


def test_a_last_line_without_a_line_break_is_read(tmp_path: Path) -> None:
    assert len(texts(list(read_rows(write(tmp_path / "d.jsonl", GOOD + GOOD.rstrip()), RULES)))) == 2


def test_blank_lines_are_no_rows_but_count_as_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "d.jsonl", b"\n" + GOOD + b"\r\n  \t\n" + GOOD + b"\n\n")

    assert [row.where for row in read_rows(path, RULES)] == [f"{path}:2", f"{path}:5"]


@pytest.mark.parametrize("name", ["d.jsonl", "d.json", "d.csv"])
def test_a_byte_order_mark_at_the_start_is_no_part_of_the_text(name: str, tmp_path: Path) -> None:
    path = write_rows(tmp_path / name, ROWS)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert texts(list(read_rows(path, RULES))) == READ


def test_a_line_separator_inside_a_json_text_ends_no_line(tmp_path: Path) -> None:
    path = write(tmp_path / "d.jsonl", '{"input": "one\u2028two\u0085three", "output": "a"}\n'.encode())

    assert texts(list(read_rows(path, RULES))) == [("Be kind.", "one\u2028two\u0085three", "a")]


def test_bad_rows_of_a_json_list_are_named_by_their_number(tmp_path: Path) -> None:
    rows = [{"input": "q", "output": "a"}, [SECRET], {"input": SECRET}, SECRET, {"input": SECRET, "output": ""}]
    path = write(tmp_path / "d.json", json.dumps(rows).encode())

    assert [str(row) for row in read_rows(path, RULES)][1:] == [
        f"{path}:row 2: is not an object with keys but a list",
        f"{path}:row 3: has no key 'output'",
        f"{path}:row 4: is not an object with keys but text",
        f"{path}:row 5: 'output' is empty",
    ]


def test_bad_rows_of_a_parquet_file_are_named_by_their_number(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    Dataset.from_list([{"input": "q", "output": "a"}, {"input": SECRET, "output": None}]).to_parquet(str(path))

    good, bad = read_rows(path, RULES)

    assert good.where == f"{path}:row 1"
    assert str(bad) == f"{path}:row 2: 'output' is null, not text"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"{SECRET},a,b".encode(), "has 3 fields, the header has 2"),
        (f"{SECRET}".encode(), "has 1 fields, the header has 2"),
        (f"{SECRET},".encode(), "'output' is empty"),
        (f"{SECRET}\0,a".encode(), "'input' holds a NUL byte"),
        (SECRET.encode() + b"\xff,a", "'input' is not valid UTF-8"),
        (f"{SECRET * 250_000},a".encode(), "over data.max_row_bytes=1,000,000"),
    ],
)
def test_a_bad_csv_row_is_named_by_line_and_reason_without_its_text(line: bytes, reason: str, tmp_path: Path) -> None:
    bad = only_bad(write(tmp_path / "d.csv", b"input,output\nq,a\n" + line + b"\nq,a\n"))

    assert bad.where == f"{tmp_path}/d.csv:3"
    assert reason in bad.reason
    assert "Marker" not in str(bad)


def test_csv_rows_are_named_by_the_line_they_begin_on(tmp_path: Path) -> None:
    content = b'input,output\n"one\ntwo\nthree",a\n\nq,a,b\r\n"four\r\nfive",a\nq,\n'
    path = write(tmp_path / "d.csv", content)

    assert [row.where for row in read_rows(path, RULES)] == [f"{path}:{line}" for line in (2, 6, 7, 9)]


@pytest.mark.parametrize("rows", [b"", b"question,answer\nq,a\n", b"input\nq\n"])
def test_a_csv_file_without_the_columns_says_how_to_name_them(rows: bytes, tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", rows)

    with pytest.raises(DataError, match=r"d\.csv:1: no column '(input|output)'; name yours with data\.columns\."):
        list(read_rows(path, RULES))


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("d.csv", f'input,output\nq,a\nq,"{SECRET}\n', 3),
        ("d.csv", f'input,output\nq,"{SECRET}"b\n', 2),
        ("d.json", f'[{{"input": "q", "output": "a"}},\n {{"input": "{SECRET}", ', 2),
    ],
)
def test_a_file_that_breaks_off_is_an_error_that_names_the_line(
    name: str, content: str, line: int, tmp_path: Path
) -> None:
    path = write(tmp_path / name, content.encode())

    with pytest.raises(DataError) as error:
        list(read_rows(path, RULES))

    assert str(error.value).startswith(f"{path}:{line}: is not valid ")
    assert "Marker" not in str(error.value)


@pytest.mark.parametrize("name", ["d.jsonl.gz", "d.json.gz", "d.csv.gz"])
def test_a_gzip_file_that_breaks_off_is_an_error_that_names_the_file(name: str, tmp_path: Path) -> None:
    path = write_rows(tmp_path / name, ROWS * 50)
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(DataError, match="damaged gzip file") as error:
        list(read_rows(path, RULES))

    assert str(error.value).startswith(f"{path}: ")


def test_a_file_that_is_only_called_gz_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="damaged gzip file"):
        list(read_rows(write(tmp_path / "d.jsonl.gz", GOOD), RULES))


def test_a_file_that_is_only_called_parquet_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "d.parquet", GOOD)

    with pytest.raises(DataError, match="not readable as Parquet") as error:
        list(read_rows(path, RULES))

    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["d.txt", "d.xlsx", "d", "d.gz", "jsonl"])
def test_an_unknown_format_is_an_error_that_lists_the_known_ones(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, GOOD)

    with pytest.raises(DataError, match=r"readable are \.jsonl.*\.json.*\.csv.*\.parquet"):
        list(read_rows(path, RULES))


@pytest.mark.parametrize("name", ["missing.jsonl", "missing.csv", "missing.json.gz"])
def test_a_missing_file_is_an_error_that_names_it(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file") as error:
        list(read_rows(tmp_path / name, RULES))

    assert str(error.value).startswith(f"{tmp_path / name}: ")


@given(
    st.binary(max_size=300) | st.lists(st.sampled_from([GOOD, b"{", b"\xff\n", b"[]\n", b"\0", b"\n"])).map(b"".join)
)
def test_no_bytes_whatever_raise_and_no_line_beyond_the_file_is_named(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "d.jsonl", content)
        rows = list(read_rows(path, RULES))

    numbers = [int(row.where.rpartition(":")[2]) for row in rows]
    assert numbers == sorted(set(numbers))
    assert all(1 <= number <= content.count(b"\n") + 1 for number in numbers)


@given(st.lists(st.tuples(st.text(), st.text())))
def test_what_was_written_is_read_back_or_named(pairs: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "d.jsonl"
        path.write_bytes(jsonl([{"input": question, "output": answer} for question, answer in pairs]))
        rows = list(read_rows(path, RULES))

    assert len(rows) == len(pairs)
    for row, (question, answer) in zip(rows, pairs, strict=True):
        if isinstance(row, Dialogue):
            assert (row.input, row.output) == (question.strip(), answer.strip())
        else:
            assert not question.strip() or not answer.strip() or "\0" in question + answer


WITH_SPLIT = replace(RULES, split_column="split")


def test_a_row_says_where_it_belongs(tmp_path: Path) -> None:
    parts: list[str | None] = ["train", "validation", "test", None]
    rows = [{"input": f"q{i}", "output": "a", "split": part} for i, part in enumerate(parts)]
    path = tmp_path / "d.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    assert [row.part for row in read_rows(path, WITH_SPLIT) if isinstance(row, Dialogue)] == parts
    assert [row.part for row in read_rows(path, RULES) if isinstance(row, Dialogue)] == [None] * 4


@pytest.mark.parametrize("part", ["dev", "", 1, ["train"]])
def test_another_word_for_a_part_is_named_and_not_guessed(part: object, tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(json.dumps({"input": "q", "output": "a", "split": part}) + "\n")

    (bad,) = read_rows(path, WITH_SPLIT)
    assert str(bad) == f"{path}:1: 'split' is none of train, validation, test (data.split_column=null splits anew)"


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_an_instructions_column_that_was_named_has_to_be_there(suffix: str, tmp_path: Path) -> None:
    """A slip in its name would put the default in the place of every instruction."""
    path = tmp_path / f"d.{suffix}"
    row = {"system": "Be brief.", "input": "q", "output": "a"}
    path.write_text(json.dumps(row) + "\n" if suffix == "jsonl" else "system,input,output\nBe brief.,q,a\n")
    right, wrong = (
        replace(RULES, columns=Columns(instruction=name, input="input", output="output"))
        for name in ("system", "sytem")
    )

    assert [row.instruction for row in read_rows(path, right) if isinstance(row, Dialogue)] == ["Be brief."]
    if suffix == "csv":
        with pytest.raises(DataError, match=r"no column 'sytem'; did you mean system\?"):
            list(read_rows(path, wrong))
    else:
        with pytest.raises(DataError, match=r"d\.jsonl: none of 1 rows has the key 'sytem' of data\.columns\.instruct"):
            list(read_rows(path, wrong))


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_a_splits_column_that_was_named_has_to_be_there(suffix: str, tmp_path: Path) -> None:
    """A slip in its name would train on the rows that are kept for testing."""
    path = tmp_path / f"d.{suffix}"
    row = {"input": "q", "output": "a", "fold": "test"}
    path.write_text(json.dumps(row) + "\n" if suffix == "jsonl" else "input,output,fold\nq,a,test\n")

    (row_read,) = read_rows(path, replace(RULES, split_column="fold"))
    assert isinstance(row_read, Dialogue)
    assert row_read.part == "test"
    said = r"none of 1 rows has the key 'folds' of data\.split_column" if suffix == "jsonl" else "did you mean fold"
    with pytest.raises(DataError, match=said):
        list(read_rows(path, replace(RULES, split_column="folds")))


@pytest.mark.parametrize("column", ["instruction", "input", "split"])
def test_two_columns_of_one_name_are_refused(column: str, tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", f"input,output,instruction,split,{column}\nq,a,Answer.,test,train\n".encode())

    with pytest.raises(DataError, match=f"2 columns are called '{column}'"):
        list(read_rows(path, WITH_SPLIT))
