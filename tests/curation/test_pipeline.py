"""The pipeline as a whole: no row is lost, and nothing but time depends on how the work is cut."""

import io
import itertools
import json
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from medgenius.curation.curate import curate_with
from medgenius.errors import DataError, RunError
from tests.curation import small


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.write_jsonl(tmp_path_factory.mktemp("raw") / "raw.jsonl", small.raw_rows(1300))


@pytest.fixture(scope="module")
def curated(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.run(raw, tmp_path_factory.mktemp("curated") / "out", "curation.workers=1")


def test_rows_in_are_rows_kept_and_rows_rejected(raw: Path, curated: Path) -> None:
    report = json.loads((curated / "report.json").read_text())
    kept, rejected = small.lines(curated / "dialogues.jsonl"), small.lines(curated / "rejected.jsonl")
    changes = small.lines(curated / "changes.jsonl")

    assert report["rows_in"] == len(raw.read_text().splitlines()) == len(kept) + len(rejected)
    assert (report["rows_kept"], report["rows_rejected"]) == (len(kept), len(rejected))
    assert report["reasons"] == Counter(row["reason"] for row in rejected)
    assert {"missing_key", "exact_duplicate", "step_failed", "reason_0"} <= set(report["reasons"])
    keys = [row["key"] for row in (*changes, *rejected)]
    assert sorted(keys, key=lambda key: int(str(key).split(":")[1])) == [f"raw.jsonl:{i}" for i in range(1, 1301)]
    assert report["seconds"] > 0
    assert report["peak_memory_bytes"] > 1e6


def test_every_change_to_a_kept_row_is_listed_with_its_step(raw: Path, curated: Path) -> None:
    before = raw.read_text(encoding="utf-8").splitlines()
    kept = small.lines(curated / "dialogues.jsonl")
    for row, change in zip(kept, small.lines(curated / "changes.jsonl"), strict=True):
        old = json.loads(before[int(str(change["key"]).split(":")[1]) - 1])
        assert (old["output"] != row["output"]) == bool(change["changes"])
        assert old["input"] == row["input"]


def test_each_step_is_given_what_the_one_before_kept(curated: Path) -> None:
    report = json.loads((curated / "report.json").read_text())
    steps = report["steps"]

    assert [step["name"] for step in steps] == [
        *("read", "one", "no_tags", "two", "duplicates", "decontaminate", "three", "split")
    ]
    for first, second in itertools.pairwise(steps):
        assert second["rows_in"] == first["rows_out"]
    assert all(step["rows_in"] - step["rows_out"] == sum(step["reasons"].values()) for step in steps)
    assert steps[2]["rules"]["html"] > 100


def test_two_workers_give_the_same_bytes_as_one(raw: Path, curated: Path, tmp_path: Path) -> None:
    other = small.run(raw, tmp_path / "out", "curation.workers=2")

    assert small.contents(other) == small.contents(curated)
    assert not (other / ".work").exists()


def test_the_same_rows_under_another_path_give_the_same_bytes(raw: Path, curated: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / "raw.jsonl"
    copy.parent.mkdir()
    copy.write_bytes(raw.read_bytes())

    assert small.contents(small.run(copy, tmp_path / "out", "curation.workers=1")) == small.contents(curated)


def test_curating_its_own_output_changes_nothing(curated: Path, tmp_path: Path) -> None:
    again = small.run(curated / "dialogues.jsonl", tmp_path / "again", "curation.workers=1")

    assert (again / "dialogues.jsonl").read_bytes() == (curated / "dialogues.jsonl").read_bytes()
    assert small.lines(again / "rejected.jsonl") == []
    assert not any(line["changes"] for line in small.lines(again / "changes.jsonl"))


def test_a_step_that_fails_on_a_row_rejects_that_row_alone_and_quotes_nothing(tmp_path: Path) -> None:
    rows = small.raw_rows(300, seed=5)
    rows[0] = {"input": f"{small.MARKER} asks about her knee", "output": f"{small.MARKER} should rest it for a week."}
    raw = small.write_jsonl(tmp_path / "raw.jsonl", rows)
    words = io.StringIO()
    chosen = small.config(raw, tmp_path / "out", "curation.workers=1")
    specs = small.specs_around(chosen, [small.hashed_step("all", change=0, drop=0, fail=100)])

    folder = curate_with(specs, chosen, Console(file=words, width=200))

    rejected = small.lines(folder / "rejected.jsonl")
    failed = [row for row in rejected if row["step"] == "all"]
    assert {(row["reason"], row["detail"]) for row in failed} == {("step_failed", "ValueError")}
    assert len(rejected) == 300
    assert (folder / "dialogues.jsonl").read_bytes() == b""
    assert "all: " in words.getvalue()
    assert small.MARKER not in words.getvalue()
    assert small.MARKER not in (folder / "report.json").read_text() + (folder / "README.md").read_text()


@settings(max_examples=12, deadline=None)
@given(
    steps=st.lists(st.tuples(*(st.integers(0, 60) for _ in range(3))).map(lambda t: (t[0], t[1] // 2, t[2] // 3))),
    count=st.integers(1, 60),
    seed=st.integers(0, 1000),
)
def test_whatever_the_steps_do_no_row_is_lost(steps: list[tuple[int, int, int]], count: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        raw = small.write_jsonl(folder / "raw.jsonl", small.raw_rows(count, seed))
        chosen = small.config(raw, folder / "out", "curation.workers=1", "curation.steps=[]")
        specs = [small.hashed_step(f"step{i}", i, *numbers) for i, numbers in enumerate(steps[:4])]
        out = curate_with(specs, chosen, Console(quiet=True))
        keys = [row["key"] for name in ("changes.jsonl", "rejected.jsonl") for row in small.lines(out / name)]

    assert sorted(map(str, keys)) == sorted(f"raw.jsonl:{i}" for i in range(1, count + 1))


def test_a_folder_that_holds_this_very_curation_is_left_as_it_is(raw: Path, curated: Path) -> None:
    before = (curated / "report.json").stat().st_mtime_ns

    small.run(raw, curated, "curation.workers=1")

    assert (curated / "report.json").stat().st_mtime_ns == before


@pytest.mark.parametrize("override", ["seed=1", "curation.duplicates.similarity=0.9", "data.turns=each"])
def test_a_folder_of_another_config_is_refused(override: str, raw: Path, curated: Path) -> None:
    before = small.contents(curated)

    with pytest.raises(RunError, match="holds a curation of other rows, config or code"):
        small.run(raw, curated, override)
    assert small.contents(curated) == before


def test_a_folder_with_other_things_in_it_is_refused(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").touch()

    with pytest.raises(RunError, match="is not empty"):
        small.run(raw, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_a_file_without_rows_is_an_error(tmp_path: Path) -> None:
    raw = small.write_jsonl(tmp_path / "raw.jsonl", [])

    with pytest.raises(DataError, match=r"raw\.jsonl: no row in it"):
        small.run(raw, tmp_path / "out")
