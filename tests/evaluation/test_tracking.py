"""What W&B has of an evaluation, read back from its offline file."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from medgenius.evaluation.tracking import rows, tell_wandb
from medgenius.runs import Evaluation
from tests.evaluation.test_report import RECORDS, findings
from tests.wandb_files import read_offline_run


def told(tmp_path: Path, mode: str) -> str:
    said = io.StringIO()
    found = findings(tmp_path, RECORDS, f"tracking={mode}", "tracking.project=mine")
    tell_wandb(Evaluation(tmp_path), found, Console(file=said, width=200))
    return said.getvalue()


def test_the_offline_file_holds_the_table_and_every_number_and_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "cache"))

    said = told(tmp_path, "offline")

    found = findings(tmp_path, RECORDS)
    run = read_offline_run(tmp_path)
    (file,) = tmp_path.glob("wandb/offline-run-*/files/media/table/*.table.json")
    table = json.loads(file.read_text(encoding="utf-8"))
    assert table["data"] == [list(row) for row in rows(found)]
    assert [row[0] for row in table["data"]] == list(found.comparison.metrics)
    assert table["columns"][:6] == ["measure", "base", "tuned", "difference", "low", "high"]
    for name, line in found.comparison.metrics.items():
        assert float(run.summary[f"{name}.tuned"]) == line.tuned
    assert (run.job_type, run.exit_code) == ("evaluation", 0)
    assert run.name == f"evaluation of {tmp_path.name}"
    assert f"wandb sync {tmp_path}/wandb/offline-run-*" in said
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"ointment" not in everything  # of an answer
    assert b"itch" not in everything  # of a question


def test_a_run_without_tracking_tells_nothing(tmp_path: Path) -> None:
    assert told(tmp_path, "off") == ""
    assert list(tmp_path.iterdir()) == []
