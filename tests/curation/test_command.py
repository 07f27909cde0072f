"""`medgenius curate` as a person meets it: real processes, each mistake refused in one line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.curation import small
from tests.support import ROOT

RAW = ROOT / "src" / "medgenius" / "data" / "sample" / "raw.jsonl"


def curate(*overrides: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "medgenius.cli", "curate", *overrides],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def refused(answer: "subprocess.CompletedProcess[str]", status: int) -> str:
    assert answer.returncode == status, answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    assert answer.stderr.startswith("error: ")
    return answer.stderr


def test_the_raw_sample_is_curated_and_nothing_of_it_is_printed(tmp_path: Path) -> None:
    answer = curate(f"data.path={RAW}", f"output={tmp_path}/clean", "curation.workers=2")

    assert answer.returncode == 0, answer.stderr
    *_, counts, last = answer.stdout.splitlines()
    assert last == f"curated: {tmp_path}/clean"
    assert {path.name for path in (tmp_path / "clean").iterdir()} == {
        *("dialogues.jsonl", "changes.jsonl", "rejected.jsonl", "report.json", "report.html", "README.md")
    }
    report = json.loads((tmp_path / "clean" / "report.json").read_text())
    assert report["rows_in"] == len(RAW.read_text(encoding="utf-8").splitlines())
    assert counts.startswith(
        f"{report['rows_kept']} of {report['rows_in']} rows kept, {report['rows_rejected']} rejected"
    )
    printed = (answer.stdout + answer.stderr).lower()
    for row in small.lines(tmp_path / "clean" / "rejected.jsonl"):
        assert not row["input"] or str(row["input"]).lower() not in printed


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        ("curation.worker=2", "did you mean curation.workers?"),
        ("curation.num_workers=2", "did you mean curation.workers?"),
        ("curation.workers=0", "curation.workers=0"),
        ("curation.workers=two", "curation.workers=two"),
        ("curation.duplicates.threshold=0.9", "did you mean curation.duplicates.similarity?"),
        ("curation.duplicates.similarity=1.5", "curation.duplicates.similarity=1.5"),
        ("curation.steps=[typo]", "typo is no step; there are: "),
        ("curation.steps=[split,duplicates]", "split must be the last"),
        ("curation.steps=[duplicates,duplicates]", "stands there 2 times"),
        ("curation.split.test_fraction=0.99", "leave nothing for training"),
        ("curation.decontaminate.sets=[/nope.jsonl]", "/nope.jsonl: there is no such file"),
        ("curation.report.tokenizer=/nope.json", "curation.report.tokenizer=/nope.json"),
        ("data.path=/nope.jsonl", "data.path=/nope.jsonl: there is no such file or folder"),
        ("out=elsewhere", "did you mean output?"),
        ("lora.r=8", "unknown key lora.r"),
        ("seed=x", "seed=x"),
    ],
)
def test_a_wrong_override_is_refused_in_one_line(overrides: str, named: str, tmp_path: Path) -> None:
    answer = curate(f"data.path={RAW}", f"output={tmp_path}/clean", *overrides.split())

    assert named in refused(answer, 2)
    assert not (tmp_path / "clean").exists()


@pytest.mark.parametrize("missing", ["data.path", "output"])
def test_what_has_no_default_is_asked_for(missing: str, tmp_path: Path) -> None:
    given = {"data.path": str(RAW), "output": f"{tmp_path}/clean"}
    answer = curate(*(f"{key}={value}" for key, value in given.items() if key != missing))

    assert f"{missing} is needed here" in refused(answer, 2)


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("d.txt", b"hello", "format not known"),
        ("d.jsonl", b"", "no row in it"),
        ("d.jsonl.gz", b"no gzip", "damaged gzip file"),
        ("d.parquet", b"no parquet", "not readable as Parquet"),
        ("d.csv", b"a,b\nc,d\n", "name yours with data.columns.input"),
        ("d.json", b'[{"input": "q", "output": "Ms Marker', "d.json:1: is not valid JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(name: str, content: bytes, named: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    line = refused(curate(f"data.path={path}", f"output={tmp_path}/clean"), 1)

    assert named in line
    assert "Marker" not in line


def test_an_output_folder_with_other_things_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").touch()

    assert "is not empty and no curation" in refused(curate(f"data.path={RAW}", f"output={tmp_path}"), 1)


def test_an_output_folder_below_the_data_is_no_part_of_it(tmp_path: Path) -> None:
    small.write_jsonl(tmp_path / "d.jsonl", [{"input": "Why does it itch?", "output": "Dry skin, mostly."}])
    overrides = (f"data.path={tmp_path}", f"output={tmp_path}/clean", "curation.workers=1", "curation.steps=[repair]")

    assert curate(*overrides).returncode == 0
    assert "done already" in curate(*overrides).stdout


def test_rows_that_cannot_be_read_do_not_end_the_others(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_bytes(b'{"input": "Ms Marker\n{"input": "a long enough question", "output": "and its answer"}\n\xff\n')
    steps = "curation.steps=[repair,split]"
    answer = curate(f"data.path={path}", f"output={tmp_path}/clean", "curation.workers=1", steps)

    assert answer.returncode == 0, answer.stderr
    assert len(small.lines(tmp_path / "clean" / "dialogues.jsonl")) == 1
    assert "Marker" not in answer.stdout + answer.stderr
