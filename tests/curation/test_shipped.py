"""The shipped files under the shipped steps."""

import json
import subprocess
import sys
from pathlib import Path

from tests.support import ROOT

SAMPLE = ROOT / "src" / "medgenius" / "data" / "sample"


def curate(data: Path, output: Path) -> dict[str, object]:
    line = [sys.executable, "-m", "medgenius.cli", "curate", f"data.path={data}", f"output={output}"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == f"curated: {output}"
    report: dict[str, object] = json.loads((output / "report.json").read_text(encoding="utf-8"))
    return report


def test_the_shipped_sample_passes_its_own_curation(tmp_path: Path) -> None:
    report = curate(SAMPLE / "dialogues.jsonl", tmp_path / "clean")
    assert (report["rows_in"], report["rows_kept"], report["reasons"]) == (462, 462, {})


def test_curating_what_was_curated_changes_nothing(tmp_path: Path) -> None:
    first = curate(SAMPLE / "raw.jsonl", tmp_path / "first")
    again = curate(tmp_path / "first" / "dialogues.jsonl", tmp_path / "again")

    assert first["rows_in"] == first["rows_kept"] + first["rows_rejected"]  # type: ignore[operator]
    assert len(first["reasons"]) >= 5  # type: ignore[arg-type]
    assert again["rows_rejected"] == 0
    first_bytes, again_bytes = ((tmp_path / name / "dialogues.jsonl").read_bytes() for name in ("first", "again"))
    assert first_bytes == again_bytes
