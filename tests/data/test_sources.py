"""A source as dialogues: what happens to bad rows, and which rows are kept."""

from pathlib import Path
from typing import Literal

import pytest

from medgenius.config.data import Columns, FileData
from medgenius.data.sources import load_dialogues
from medgenius.errors import DataError

COLUMNS = Columns(instruction="instruction", input="input", output="output")


def source(path: Path | str, on_bad_row: Literal["stop", "skip"] = "stop", max_rows: int | None = None) -> FileData:
    return FileData(
        source="file",
        path=str(path),
        max_length=2048,
        max_rows=max_rows,
        validation_fraction=0.1,
        split_column="split",
        on_bad_row=on_bad_row,
        cache_tokens=False,
        canaries=0,
        max_row_bytes=1_000_000,
        columns=COLUMNS,
        default_instruction="Be kind.",
    )


def write(path: Path, good: int, bad_lines: tuple[int, ...] = ()) -> Path:
    """Lines of good rows, with bad ones put at the given line numbers."""
    lines = [f'{{"input": "q{i}", "output": "a{i}"}}' for i in range(good)]
    for line in bad_lines:
        lines.insert(line - 1, "{")
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def test_stop_names_every_bad_row_and_what_to_do(tmp_path: Path) -> None:
    path = write(tmp_path / "d.jsonl", 5, (2, 4, 7))

    with pytest.raises(DataError) as error:
        load_dialogues(source(path), seed=0)

    lines = str(error.value).splitlines()
    assert [line.partition(": ")[0] for line in lines[:3]] == [f"{path}:2", f"{path}:4", f"{path}:7"]
    assert lines[3].startswith("3 rows can't be used")
    assert "data.on_bad_row=skip" in lines[3]
    assert len(lines) == 4


def test_of_very_many_bad_rows_the_rest_is_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "d.jsonl", 1, tuple(range(1, 1001)))

    with pytest.raises(DataError) as error:
        load_dialogues(source(path), seed=0)

    lines = str(error.value).splitlines()
    named = [line for line in lines if line.startswith(f"{path}:")]
    assert 10 <= len(named) <= 100
    assert f"{1000 - len(named)} more" in lines[-2]
    assert lines[-1].startswith("1000 rows")


def test_skip_leaves_bad_rows_out_and_keeps_their_names(tmp_path: Path) -> None:
    path = write(tmp_path / "d.jsonl", 5, (2, 4, 7))

    loaded = load_dialogues(source(path, "skip"), seed=0)

    assert [dialogue.input for dialogue in loaded.dialogues] == ["q0", "q1", "q2", "q3", "q4"]
    assert [row.where for row in loaded.skipped] == [f"{path}:2", f"{path}:4", f"{path}:7"]


@pytest.mark.parametrize("on_bad_row", ["stop", "skip"])
def test_a_clean_file_skips_nothing(on_bad_row: Literal["stop", "skip"], tmp_path: Path) -> None:
    loaded = load_dialogues(source(write(tmp_path / "d.jsonl", 5), on_bad_row), seed=0)

    assert (len(loaded.dialogues), loaded.skipped) == (5, [])


def test_a_file_of_bad_rows_only_is_refused_even_under_skip(tmp_path: Path) -> None:
    path = write(tmp_path / "d.jsonl", 0, (1, 2, 3))

    with pytest.raises(DataError, match="no usable row") as error:
        load_dialogues(source(path, "skip"), seed=0)

    assert str(error.value).startswith(str(path))
    assert "3 skipped" in str(error.value)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no usable row"):
        load_dialogues(source(write(tmp_path / "d.jsonl", 0)), seed=0)


def test_max_rows_keeps_a_seeded_choice_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "d.jsonl", 200)
    every = [dialogue.input for dialogue in load_dialogues(source(path), seed=1).dialogues]

    def chosen(seed: int) -> list[str]:
        return [dialogue.input for dialogue in load_dialogues(source(path, max_rows=20), seed).dialogues]

    assert len(set(chosen(1))) == 20
    assert chosen(1) == sorted(chosen(1), key=every.index)
    assert chosen(1) == chosen(1)
    assert chosen(1) != chosen(2)
    assert chosen(1) != every[:20]


@pytest.mark.parametrize("max_rows", [10, 11, 1000])
def test_max_rows_of_at_least_the_file_keeps_it_whole(max_rows: int, tmp_path: Path) -> None:
    path = write(tmp_path / "d.jsonl", 10)

    assert len(load_dialogues(source(path, max_rows=max_rows), seed=1).dialogues) == 10


def test_a_path_below_home_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path / "d.jsonl", 3)

    assert len(load_dialogues(source("~/d.jsonl"), seed=0).dialogues) == 3
