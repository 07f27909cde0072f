"""A system clock that is set back, for real processes: libfaketime answers them when they ask for the time."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.processes import LINE, write_dialogues
from tests.support import ROOT
from tests.training.faults.test_kill import assert_equal, steps_told


class Clock:
    """What processes that were started with its environment are told, as an offset from the real time."""

    def __init__(self, library: Path, file: Path) -> None:
        self._library, self._file = library, file
        self.set("+0")

    def set(self, offset: str) -> None:
        self._file.write_text(offset)

    def start(self, *line: str) -> "subprocess.Popen[str]":
        """`python train.py`. Only the clock that can be set is another: a machine's monotonic one never goes back."""
        told = {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "OMP_NUM_THREADS": "1",
        }
        command = [sys.executable, "train.py", *line]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **told}, stdout=pipe, stderr=pipe, text=True)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        pytest.skip("no libfaketime (Debian's package of that name)")
    return Clock(found[0], tmp_path / "clock")


@pytest.mark.faults
def test_a_clock_set_back_changes_neither_checkpoints_by_time_nor_the_result(
    untouched: tuple[Path, float], clock: Clock, tmp_path: Path
) -> None:
    write_dialogues(tmp_path / "dialogues.jsonl")
    line = (*LINE, f"data.path={tmp_path}/dialogues.jsonl", f"run.root={tmp_path}", "run.name=run", "run.resume=auto")
    first = clock.start(*line, "trainer.checkpoint_every=0.001s")
    while steps_told(tmp_path / "run") < 6:
        assert first.poll() is None, first.communicate()
        time.sleep(0.01)
    clock.set("-30d")
    while steps_told(tmp_path / "run") < 12:
        assert first.poll() is None, first.communicate()
        time.sleep(0.01)
    first.kill()
    first.communicate()
    last = max((tmp_path / "run/checkpoints").glob("step-*"))
    assert int(last.name.removeprefix("step-")) >= 10  # they went on after the sixth step

    clock.set("-60d")
    second = clock.start(*line)
    out, errors = second.communicate(timeout=240)

    assert second.returncode == 0, errors
    assert f"resume after step {int(last.name.removeprefix('step-'))}" in out
    assert_equal(tmp_path / "run", untouched[0])


@pytest.mark.faults
def test_runs_without_a_name_that_start_in_the_same_second_twice_do_not_meet(clock: Clock, tmp_path: Path) -> None:
    write_dialogues(tmp_path / "dialogues.jsonl")
    line = (*LINE, f"data.path={tmp_path}/dialogues.jsonl", f"run.root={tmp_path}/runs", "trainer.max_steps=1")
    for _ in range(2):
        clock.set("@2026-01-02 03:04:05")  # and stays there
        done = clock.start(*line)
        _, errors = done.communicate(timeout=240)
        assert done.returncode == 0, errors

    first, second = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert first.startswith("2026-01-02_03-04-0")
    assert second != first
