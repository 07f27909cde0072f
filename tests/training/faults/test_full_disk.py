"""A disk that is really full: a small tmpfs that only the training sees, and that grows before it goes on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import LINE, write_dialogues
from tests.support import ROOT
from tests.training.faults.test_kill import assert_equal

_NO_MOUNT = 77
_SCRIPT = f"""
disk=$1 size=$2 out=$3; shift 3
mount -t tmpfs -o size=$size none $disk || exit {_NO_MOUNT}
"$@"; echo "first: $?"
cp -r $disk/run $out-first
mount -o remount,size=256m none $disk
"$@"; echo "second: $?"
cp -r $disk/run $out
"""
"""What the tmpfs holds is gone with the shell, so it is copied."""


def size_of(*paths: Path) -> int:
    """Bytes on a file system with pages of 4 KiB."""
    return sum(-(-path.stat().st_size // 4096) * 4096 for path in paths)


@pytest.mark.faults
@pytest.mark.parametrize("room", [0.5, 1.5], ids=["for-no-checkpoint", "for-one"])
def test_a_run_on_a_full_disk_ends_with_one_line_and_goes_on_when_there_is_room(
    room: float, untouched: tuple[Path, float], tmp_path: Path
) -> None:
    write_dialogues(tmp_path / "dialogues.jsonl")
    checkpoint = max((untouched[0] / "checkpoints").iterdir(), key=lambda path: path.name)
    (disk := tmp_path / "disk").mkdir()
    size = int(room * size_of(*checkpoint.iterdir())) + 24 * 1024  # what a run writes beside its checkpoints
    line = (*LINE, f"data.path={tmp_path}/dialogues.jsonl", f"run.root={disk}", "run.name=run", "run.resume=auto")
    shell = ["unshare", "--map-root-user", "--mount", "sh", "-c", _SCRIPT, "sh"]
    done = subprocess.run(
        [*shell, str(disk), str(size), str(tmp_path / "copy"), sys.executable, "train.py", *line],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    if done.returncode == _NO_MOUNT or "unshare failed" in done.stderr:
        pytest.skip("no mounts of its own for this process")

    assert "first: 1\n" in done.stdout, done.stderr
    assert "second: 0\n" in done.stdout, done.stderr
    assert "Traceback" not in done.stderr
    (told,) = [text for text in done.stderr.splitlines() if text.startswith("error:")]
    assert "No space left on device" in told
    kept = sorted(path.name for path in (tmp_path / "copy-first/checkpoints").iterdir())
    assert kept == ["step-000003"] * (room > 1)
    assert not list((tmp_path / "copy-first/checkpoints").glob(".*"))
    assert json.loads((tmp_path / "copy-first/summary.json").read_text())["status"] == "failed"
    assert_equal(tmp_path / "copy", untouched[0])
