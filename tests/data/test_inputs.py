"""Files of dialogues, whatever is in them: dialogues or named reasons; what was written is read back."""

import csv
import gzip
import json
import tempfile
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerBase

from medgenius.data.dialogue import Dialogue, prompt_messages
from medgenius.data.prompt import Prompt
from medgenius.data.rows import read_rows, to_dialogue
from medgenius.data.steps import Step
from medgenius.errors import DataError
from medgenius.reading.records import BadRow
from tests.data.test_prompt import _bound
from tests.data.test_rows import RULES
from tests.support import random_examples

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**4000), 10**4000) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_ROWS = st.lists(
    st.fixed_dictionaries({}, optional={"instruction": _VALUES, "input": _VALUES, "output": _VALUES}) | _VALUES,
    max_size=5,
)
_PIECES = st.sampled_from(
    [
        *(
            b"input,output\n",
            b"a,b\n",
            b'"a\nb",c\n',
            b'"',
            b",",
            b"\r\n",
            b"\xef\xbb\xbf",
            b"\xff\xfe",
            b"\0",
            b"\xed\xa0\x80",
        ),
        *(
            b"[",
            b"]",
            b"{",
            b"}",
            b'{"input": "q", "output": "a"}',
            b":",
            b"9" * 5000,
            b"1e999",
            b"NaN",
            b"\\ud800",
            b"[" * 3000,
        ),
        *('{"input": "é"}'.encode("utf-16"), "é".encode("latin-1"), b"\n"),
    ]
)
_BYTES = st.binary(max_size=80) | st.lists(_PIECES, max_size=12).map(b"".join)


def assert_one_line(error: str, path: Path) -> None:
    assert len(error.splitlines()) == 1
    assert error.startswith(f"{path}:")


def read(name: str, content: bytes) -> list[Dialogue | BadRow]:
    """Rows of such a file; where the file as a whole can't be read, that is one line that names it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            rows = list(read_rows(path, RULES))
        except DataError as error:
            assert_one_line(str(error), path)
            return []
        for row in rows:
            assert row.where.startswith(f"{path}:")
            assert row.where.removeprefix(f"{path}:").removeprefix("row ").isdecimal()
            if isinstance(row, BadRow):
                assert row.name.isidentifier()
                assert len(row.reason) < 200
        return rows


@settings(max_examples=200)
@given(name=st.sampled_from(["d.jsonl", "d.json", "d.csv", "d.parquet"]), content=_BYTES, zipped=st.booleans())
def test_no_bytes_whatever_end_in_a_traceback(name: str, content: bytes, zipped: bool) -> None:
    zipped = zipped and name != "d.parquet"
    read(name + ".gz" * zipped, gzip.compress(content) if zipped else content)


@given(rows=_ROWS, name=st.sampled_from(["d.jsonl", "d.json"]))
def test_no_json_whatever_ends_in_a_traceback_and_every_row_is_answered(rows: list[object], name: str) -> None:
    lines = [json.dumps(row) for row in rows]
    content = "\n".join(lines) if name == "d.jsonl" else f"[{','.join(lines)}]"
    read(name, content.encode())


@given(row=_VALUES, where=st.just("x:1"))
def test_any_value_is_a_dialogue_or_a_named_reason(row: object, where: str) -> None:
    found = to_dialogue(row, where, RULES)

    assert found.where == where
    if isinstance(found, Dialogue):
        assert isinstance(row, dict)
        assert (found.input, found.output) == (row["input"].strip(), row["output"].strip())


_CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(str.strip)


@given(pairs=st.lists(st.tuples(_CELLS, _CELLS), min_size=1, max_size=5), name=st.sampled_from(["d.csv", "d.parquet"]))
def test_what_a_table_holds_is_read_back(pairs: list[tuple[str, str]], name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        if name == "d.csv":
            with path.open("w", encoding="utf-8", newline="") as stream:
                csv.writer(stream).writerows([("input", "output"), *pairs])
        else:
            pq.write_table(pa.table({"input": [q for q, _ in pairs], "output": [a for _, a in pairs]}), path)
        rows = list(read_rows(path, RULES))

    assert [(row.input, row.output) for row in rows if isinstance(row, Dialogue)] == [
        (question.strip(), answer.strip()) for question, answer in pairs
    ]


def test_a_parquet_row_that_is_not_utf8_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    offsets, words = pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0"), pa.py_buffer(b"a\xffc")
    broken = pa.StringArray.from_buffers(3, offsets, words)
    path = tmp_path / "d.parquet"
    pq.write_table(pa.table({"input": broken, "output": ["x", "y", "z"]}), path)

    first, bad, last = read_rows(path, RULES)

    assert isinstance(first, Dialogue)
    assert isinstance(last, Dialogue)
    assert str(bad) == f"{path}:row 2: is not valid UTF-8"


@cache
def _tiny() -> tuple[Prompt, PreTrainedTokenizerBase]:
    return _bound("tiny", "medgenius")


@settings(max_examples=50)
@given(instruction=_CELLS, question=_CELLS, answer=_CELLS)
def test_any_text_has_the_same_tokens_in_the_template_and_in_training(
    instruction: str, question: str, answer: str
) -> None:
    prompt, tokenizer = _tiny()
    dialogue = Dialogue(instruction.strip(), question.strip(), answer.strip(), "x:1")
    if any(token in text for token in tokenizer.all_special_tokens for text in (instruction, question, answer)):
        return
    example = prompt.example(dialogue, 100_000)
    assert example is not None
    messages = [{"role": message.role, "content": message.content} for message in prompt_messages(dialogue)]
    templated = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    assert templated == prompt.text(prompt_messages(dialogue))
    whole = tokenizer(templated + dialogue.output + tokenizer.eos_token, add_special_tokens=False)["input_ids"]
    assert example.prompt_ids + example.answer_ids == whole


@given(
    lengths=st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=10),
    limits=st.tuples(st.integers(8, 200), st.integers(8, 200)),
    prefix=st.integers(0, 5),
)
def test_any_two_cuts_train_the_same_targets(
    lengths: list[tuple[int, int]], limits: tuple[int, int], prefix: int
) -> None:
    examples = random_examples(*lengths, prefix=prefix)
    step = Step(tuple(examples))
    counted = [sum(len(piece.targets) for piece in step.passes(limit)) for limit in limits]

    assert counted[0] == counted[1] == sum(len(example.answer_ids) for example in examples)
    assert step.target_tokens == counted[0]
