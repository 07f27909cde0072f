"""A run that is killed at any moment and started again ends with the same bytes as one that was never touched."""

import json
import math
import os
import random
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from tests.processes import LINE, start

_NUMBERS = {"step", "epoch", "train/loss", "train/gradient_norm", "train/learning_rate", "tokens/real"}
_NUMBERS |= {"validation/loss"}


def state_of(run: Path) -> dict[str, bytes]:
    """The adapter, and what the last checkpoint has of optimizer, schedule and each process's generators."""
    last = max((run / "checkpoints").glob("step-*"), key=lambda path: path.name)
    found = {file.name: file.read_bytes() for file in last.glob("*.safetensors")}
    state = json.loads((last / "state.json").read_bytes())
    for varying in ("seconds", "training_seconds", "metrics_bytes", "peak_memory_bytes"):
        state["position"].pop(varying)
    found["state"] = json.dumps(state).encode()
    found["published adapter"] = (run / "adapter/adapter_model.safetensors").read_bytes()
    return found


def losses_of(run: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return [{key: line[key] for key in _NUMBERS if key in line} for line in lines]


def assert_equal(run: Path, untouched: Path) -> None:
    ours, theirs = state_of(run), state_of(untouched)
    assert ours.keys() == theirs.keys()
    assert [name for name in theirs if ours[name] != theirs[name]] == []
    assert losses_of(run) == losses_of(untouched)
    ours_told, theirs_told = (json.loads((path / "summary.json").read_text()) for path in (run, untouched))
    for varying in ("seconds", "tokens_per_second", "peak_memory_bytes", "cost"):
        ours_told.pop(varying)
        theirs_told.pop(varying)
    assert ours_told == theirs_told


def kill_at_random_moments(root: Path, seed: int, usual: float) -> int:
    """Start with one and the same line until a start ends by itself; gives how many were killed.

    One in four dies at any time, often before its first step, but at most a dozen steps on, however fast the machine is
    by then; the others some steps after where the last one died.
    """
    moments = random.Random(seed)
    killed = 0
    while True:
        process = start(root, *LINE, "run.name=run", "run.resume=auto")
        by_time = moments.random() < 0.25
        latest = time.monotonic() + moments.uniform(0.0, 0.7) * usual if by_time else math.inf
        wanted = steps_told(root / "run") + (12 if by_time else moments.randint(1, 12))
        while process.process.is_alive() and steps_told(root / "run") < wanted and time.monotonic() < latest:
            time.sleep(0.01)
        if not by_time:
            process.process.join(moments.uniform(0.0, 0.05) * usual)
        if not process.process.is_alive():
            assert process.status() == 0, process.text
            return killed
        process.process.kill()
        process.process.join()
        killed += 1


def steps_told(run: Path) -> int:
    metrics = run / "metrics.jsonl"
    return metrics.read_bytes().count(b"train/loss") if metrics.exists() else 0


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_random_moments_it_ends_with_the_same_bytes(
    seed: int, untouched: tuple[Path, float], tmp_path: Path
) -> None:
    assert kill_at_random_moments(tmp_path, seed, untouched[1]) > 0
    assert_equal(tmp_path / "run", untouched[0])


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(3, 23))
def test_killed_at_random_moments_with_twenty_more_seeds(
    seed: int, untouched: tuple[Path, float], tmp_path: Path
) -> None:
    assert kill_at_random_moments(tmp_path, seed, untouched[1]) > 0
    assert_equal(tmp_path / "run", untouched[0])


def die_at(name: str, nth: int) -> None:
    """Make the process end itself, as SIGKILL would, at its nth call of a function of `os` for a checkpoint."""
    original, calls = getattr(os, name), 0

    def counted(*arguments: object, **named: object) -> object:
        nonlocal calls
        calls += _is_for_a_checkpoint(arguments)
        if calls == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **named)

    setattr(os, name, counted)


def _is_for_a_checkpoint(arguments: tuple[object, ...]) -> bool:
    of = arguments[0]
    path = str(Path(f"/proc/self/fd/{of}").readlink()) if isinstance(of, int) else os.fspath(of)  # type: ignore[call-overload]
    return "/checkpoints" in path


def test_killed_inside_the_writing_of_a_checkpoint_it_ends_with_the_same_bytes(
    untouched: tuple[Path, float], tmp_path: Path
) -> None:
    # Each start dies in another part: before a file is on disk, before the folder is, before and after its new name.
    deaths = [("fsync", 1), ("fsync", 9), ("fsync", 6), ("fsync", 7), ("rename", 2)]
    for name, nth in deaths:
        process = start(tmp_path, *LINE, "run.name=run", "run.resume=auto", prepare=partial(die_at, name, nth))
        assert process.status() == -signal.SIGKILL, process.text
    process = start(tmp_path, *LINE, "run.name=run", "run.resume=auto")
    assert process.status() == 0, process.text
    assert "resume after step" in process.text
    assert_equal(tmp_path / "run", untouched[0])
    assert not list((tmp_path / "run/checkpoints").glob(".*"))
