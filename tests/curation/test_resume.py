"""Killed at any point and started again: the same bytes as without the kill."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.curation import small
from tests.support import ROOT

_ROWS = 6000
_KILLS = 4


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.write_jsonl(tmp_path_factory.mktemp("raw") / "raw.jsonl", small.raw_rows(_ROWS, seed=9))


@pytest.fixture(scope="module")
def undisturbed(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A curation that nobody stopped, and its seconds."""
    folder = tmp_path_factory.mktemp("whole") / "out"
    started = time.monotonic()
    process = start(raw, folder)
    assert process.wait(300) == 0
    return folder, time.monotonic() - started


def start(raw: Path, folder: Path, *overrides: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.curation.small", str(raw), str(folder), "curation.workers=2", *overrides],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(i, marks=pytest.mark.slow) for i in range(2, 12))])
def test_a_curation_killed_at_random_moments_ends_with_the_same_bytes(
    seed: int, raw: Path, undisturbed: tuple[Path, float], tmp_path: Path
) -> None:
    whole, seconds = undisturbed
    draw = random.Random(seed)
    folder = tmp_path / "out"
    for _ in range(_KILLS):
        process = start(raw, folder)
        time.sleep(draw.uniform(0.2, 0.9) * seconds)
        process.kill()
        process.communicate()
    process = start(raw, folder)
    _, errors = process.communicate(timeout=300)

    assert process.returncode == 0, errors
    assert small.contents(folder) == small.contents(whole)
    assert not (folder / ".work").exists()


def wait_for(path: Path) -> None:
    for _ in range(6000):
        if path.exists():
            return
        time.sleep(0.01)
    raise AssertionError(f"{path} never came")


def test_finished_stages_are_not_done_again(raw: Path, undisturbed: tuple[Path, float], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    process = start(raw, folder)
    wait_for(folder / ".work" / "01-one" / "part-000001.json")
    process.kill()
    process.communicate()
    first = folder / ".work" / "00-read" / "part-000000.json"
    before = first.stat().st_mtime_ns
    process = start(raw, folder)
    wait_for(folder / ".work" / "02-duplicates" / "stage.json")
    process.kill()
    output, _ = process.communicate()

    assert first.stat().st_mtime_ns == before
    assert "read:" not in output


def test_work_of_another_config_is_not_used_again(raw: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    process = start(raw, folder, "curation.duplicates.similarity=0.5")
    wait_for(folder / ".work" / "03-decontaminate" / "stage.json")
    process.kill()
    process.communicate()
    process = start(raw, folder, "seed=7", "data.licence=other")
    assert process.wait(300) == 0
    fresh = start(raw, tmp_path / "fresh", "seed=7", "data.licence=other")
    assert fresh.wait(300) == 0

    assert small.contents(folder) == small.contents(tmp_path / "fresh")


def test_no_worker_outlives_a_killed_parent(raw: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    process = start(raw, folder)
    wait_for(folder / ".work" / "01-one" / "part-000000.json")
    children = [int(child) for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{child}").exists() for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert children
    assert not any(Path(f"/proc/{child}").exists() for child in children)


def _heed_ctrl_c() -> None:
    """A suite that runs in the background was started with the signal ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_ctrl_c_leaves_one_line_and_a_state_to_go_on_from(
    raw: Path, undisturbed: tuple[Path, float], tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-m", "medgenius.cli", "curate", f"data.path={raw}", f"output={folder}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_heed_ctrl_c,  # noqa: PLW1509  no thread of this process holds a lock
    )
    wait_for(folder / ".work" / "00-read" / "stage.json")
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)

    assert process.returncode == 130
    assert errors == "stopped: the same command goes on from here\n"
    assert "curated:" not in output
    assert (folder / ".work" / "00-read" / "stage.json").exists()
