"""evaluation.jsonl: what a killed process leaves is gone on with, and nothing else is."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from medgenius.errors import NonFiniteError, RunError
from medgenius.evaluation.records import Answer, Record, Score, opened_records, read_records
from medgenius.files import Json

HEADER: dict[str, Json] = {
    "run": {"adapter": "aa", "config": "bb"},
    "settings": {"max_new_tokens": 64},
    "items": {"dialogues": {"n": 3}},
}


def record(number: int) -> Record:
    return Record(
        set="dialogues",
        id=f"rows.jsonl:{number}",
        item="00ff",
        prompt="ab" * 32,
        cluster=number,
        category="skin",
        base=Answer("one\nline – ü", 4, finished=True, ids=(1, 2, 3, 4)),
        tuned=Answer("another", 1, finished=False),
        scores={"loss": Score(base=2.5, tuned=None, weight=7.0)},
    )


def without_ids(one: Record) -> Record:
    assert one.base is not None
    return Record(
        one.set,
        one.id,
        one.item,
        one.prompt,
        one.cluster,
        one.category,
        Answer(one.base.text, one.base.tokens, one.base.finished),
        one.tuned,
        one.scores,
    )


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "out" / "evaluation.jsonl"
    with opened_records(path, HEADER) as records:
        records.append([record(1), record(2)])
        assert list(records) == [without_ids(record(1)), without_ids(record(2))]

    with opened_records(path, HEADER) as records:
        assert records.done == {("dialogues", "rows.jsonl:1"), ("dialogues", "rows.jsonl:2")}
        records.append([record(3)])
    assert [one.id for one in read_records(path)] == ["rows.jsonl:1", "rows.jsonl:2", "rows.jsonl:3"]
    assert '"ids"' not in path.read_text(encoding="utf-8")


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.jsonl"
    with opened_records(path, HEADER):
        pass
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with opened_records(path, HEADER):
        pass
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("kept", range(1, 60, 7))
def test_half_a_line_at_the_end_is_asked_again(kept: int, tmp_path: Path) -> None:
    path = tmp_path / "evaluation.jsonl"
    with opened_records(path, HEADER) as records:
        records.append([record(1)])
    whole = path.read_bytes()
    path.write_bytes(whole + whole.splitlines(keepends=True)[1][:kept])

    assert len(list(read_records(path))) == 1
    with opened_records(path, HEADER) as records:
        assert records.done == {("dialogues", "rows.jsonl:1")}
        records.append([record(2)])
    assert len(list(read_records(path))) == 2


def test_half_a_header_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.jsonl"
    path.write_text('{"medgenius_eval')
    with opened_records(path, HEADER) as records:
        records.append([record(1)])
    assert len(list(read_records(path))) == 1


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"settings": {"max_new_tokens": 32}}, "settings.max_new_tokens is 64 there and 32 here"),
        ({"run": {"adapter": "cc", "config": "bb"}}, "run.adapter is aa there and cc here"),
        ({"items": {}}, "another items.dialogues"),
    ],
)
def test_another_evaluation_is_refused_in_one_line_that_names_what_differs(
    changed: dict[str, dict[str, object]], says: str, tmp_path: Path
) -> None:
    path = tmp_path / "evaluation.jsonl"
    with opened_records(path, HEADER):
        pass
    before = path.read_bytes()
    with pytest.raises(RunError, match=says) as raised, opened_records(path, {**HEADER, **changed}):  # type: ignore[dict-item]
        pass
    assert "\n" not in str(raised.value)
    assert path.read_bytes() == before


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.jsonl"
    path.write_text('{"some": "rows"}\n')
    with pytest.raises(RunError, match="is no evaluation of this version"), opened_records(path, HEADER):
        pass
    assert path.read_text() == '{"some": "rows"}\n'


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.jsonl"
    with opened_records(path, HEADER) as records:
        records.append([record(1), record(2)])
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([lines[0], "{]\n", lines[2]]))
    with pytest.raises(RunError, match=r"evaluation\.jsonl:2 is damaged"), opened_records(path, HEADER):
        pass
    line = json.loads(lines[1])
    del line["cluster"]
    path.write_text("".join([lines[0], json.dumps(line) + "\n"]))
    with pytest.raises(RunError, match=r"evaluation\.jsonl:2 is damaged: no record of this version"):
        list(read_records(path))


@pytest.mark.parametrize(
    ("written", "instead", "says"),
    [
        ('"tuned": null, "weight"', '"weight"', r"scores\.loss\.tuned"),
        ('"base": 2.5', '"base": "much"', r"scores\.loss\.base"),
        ('"base": 2.5', '"base": "2.5"', r"scores\.loss\.base"),
        ('"base": 2.5', '"base": NaN', "not valid JSON"),
        ('"base": 2.5', '"base": 1e999', r"scores\.loss\.base"),
        ('"base": 2.5', f'"base": {"[" * 100_000}', "not valid JSON"),
        ('"weight": 7.0', '"weight": 0.0', r"scores\.loss\.weight"),
        ('"weight": 7.0', '"weight": null', r"scores\.loss\.weight"),
        ('{"text": "another", "tokens": 1, "finished": false}', "null", "an answer of one system alone"),
        ('"set": "dialogues"', '"set": "other"', "set"),
    ],
)
def test_a_record_that_cannot_be_is_named(written: str, instead: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "evaluation.jsonl"
    with opened_records(path, HEADER) as records:
        records.append([record(1), record(2)])
    first, second, third = path.read_text(encoding="utf-8").splitlines(keepends=True)
    assert written in third
    path.write_text(first + second + third.replace(written, instead), encoding="utf-8")

    damaged = rf"evaluation\.jsonl:3 is damaged: .*{says}"
    with pytest.raises(RunError, match=damaged):
        list(read_records(path))
    with pytest.raises(RunError, match=damaged), opened_records(path, HEADER):
        pytest.fail("what is asked now would stand beside a damaged line")


def test_an_item_with_two_records_is_named(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.jsonl"
    with opened_records(path, HEADER) as records:
        records.append([record(1), record(2), record(1)])

    twice = r"evaluation\.jsonl:4 is damaged: dialogues rows\.jsonl:1 has its record in .*evaluation\.jsonl:2$"
    with pytest.raises(RunError, match=twice):
        list(read_records(path))
    with pytest.raises(RunError, match=twice), opened_records(path, HEADER):
        pytest.fail("what is asked now would be counted beside an item that counts twice")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_is_named_and_not_written(value: float, tmp_path: Path) -> None:
    path = tmp_path / "evaluation.jsonl"
    broken = replace(record(2), scores={"loss": Score(base=2.5, tuned=value, weight=7.0)})
    with opened_records(path, HEADER) as records:
        with pytest.raises(NonFiniteError, match=rf"dialogues: rows\.jsonl:2: loss of the other system is {value}"):
            records.append([record(1), broken])
        assert list(records) == []


def test_two_processes_do_not_write_into_one_file(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.jsonl"
    with (
        opened_records(path, HEADER),
        pytest.raises(RunError, match="is in use: another process evaluates into it"),
        opened_records(path, HEADER),
    ):
        pass
