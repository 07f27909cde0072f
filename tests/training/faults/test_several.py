"""A run of several processes goes on as one of a single process does, whichever of them was killed or asked to end."""

import json
import random
import signal
import time
from pathlib import Path

import pytest

from tests.processes import LINE, start, start_two
from tests.training.faults.test_kill import assert_equal, state_of, steps_told
from tests.training.faults.test_signals import wait_for_step

_TWO = (*LINE, "trainer=ddp", "trainer.devices=2", "run.name=run", "run.resume=auto")


def train_two(root: Path, *overrides: str) -> list[int]:
    """Both exit statuses of a run that nobody disturbs."""
    processes = start_two(root, *overrides)
    statuses = [process.status() for process in processes]
    assert statuses == [0, 0], [process.text for process in processes]
    return statuses


@pytest.fixture(scope="session")
def untouched_two(untouched: tuple[Path, float], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two processes that nobody disturbed; a single process has filled the cache of models."""
    root = tmp_path_factory.mktemp("untouched-two")
    train_two(root, *_TWO)
    assert sum(name.startswith("rng-rank-") for name in state_of(root / "run")) == 2
    return root / "run"


def kill_both_at_random_moments(root: Path, seed: int) -> int:
    """As `kill_at_random_moments` does with one; either of the two dies a moment before the other."""
    moments = random.Random(seed)
    killed = 0
    while True:
        both = start_two(root, *_TWO)
        wanted = steps_told(root / "run") + moments.randint(1, 12)
        while both[0].process.is_alive() and steps_told(root / "run") < wanted:
            time.sleep(0.01)
        time.sleep(moments.uniform(0.0, 0.3))
        if not both[0].process.is_alive() and both[0].status() == 0:
            assert both[1].status() == 0, both[1].text
            return killed
        for process in moments.sample(both, 2):
            process.process.kill()
            time.sleep(moments.uniform(0.0, 0.2))
        for process in both:
            assert process.status() in {-signal.SIGKILL, 0, 1}, process.text  # 1: its peer was gone
            assert "Traceback" not in process.text
        killed += 1


def test_two_processes_killed_at_random_moments_end_with_the_same_bytes(untouched_two: Path, tmp_path: Path) -> None:
    assert kill_both_at_random_moments(tmp_path, 1) > 0
    assert_equal(tmp_path / "run", untouched_two)


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(2, 22))
def test_two_processes_killed_with_twenty_more_seeds(seed: int, untouched_two: Path, tmp_path: Path) -> None:
    assert kill_both_at_random_moments(tmp_path, seed) > 0
    assert_equal(tmp_path / "run", untouched_two)


@pytest.mark.parametrize("asked", [0, 1])
def test_a_signal_to_one_of_two_processes_ends_both_after_the_same_step(
    asked: int, untouched_two: Path, tmp_path: Path
) -> None:
    both = start_two(tmp_path, *_TWO)
    wait_for_step(both[0], tmp_path / "run", 4)
    both[asked].send(signal.SIGUSR1)

    assert [process.status() for process in both] == [75, 75], [process.text for process in both]
    summary = json.loads((tmp_path / "run/summary.json").read_text())
    assert (summary["status"], summary["error"]) == ("interrupted", "stopped by SIGUSR1")
    assert (tmp_path / f"run/checkpoints/step-{summary['steps']:06d}").is_dir()
    assert not (tmp_path / "run/lock").exists()
    assert both[1].text == ""
    train_two(tmp_path, *_TWO)
    assert_equal(tmp_path / "run", untouched_two)


def test_two_processes_agree_on_checkpoints_by_the_clock(untouched_two: Path, tmp_path: Path) -> None:
    by_the_clock = ("trainer.epochs=1", "trainer.validate_every=1000", "trainer.checkpoint_every=0.001s")
    train_two(tmp_path, *_TWO, *by_the_clock, "trainer.keep_checkpoints=100")

    assert len(list((tmp_path / "run/checkpoints").iterdir())) == 7


def test_a_run_whose_layers_are_spread_goes_on_too(untouched_two: Path, tmp_path: Path) -> None:
    spread = (*LINE, "trainer=fsdp", "trainer.devices=2", "trainer.epochs=2", "run.name=run", "run.resume=auto")
    train_two(tmp_path / "whole", *spread)
    both = start_two(tmp_path / "cut", *spread)
    wait_for_step(both[0], tmp_path / "cut/run", 8)
    for process in both:
        process.process.kill()
        process.process.join()
    train_two(tmp_path / "cut", *spread)

    assert_equal(tmp_path / "cut/run", tmp_path / "whole/run")


def test_a_finished_run_of_two_says_so_once(untouched_two: Path) -> None:
    both = start_two(untouched_two.parent, *_TWO)

    assert [process.status() for process in both] == [0, 0]
    assert [process.text.count("has finished") for process in both] == [1, 0]


def test_one_command_for_two_processes_is_stopped_and_killed_and_goes_on(untouched_two: Path, tmp_path: Path) -> None:
    """The starting process is told to end, then killed: its processes end with it, and the run is free again."""
    stopped = start(tmp_path, *_TWO)
    wait_for_step(stopped, tmp_path / "run", 3)
    stopped.send(signal.SIGTERM)
    assert stopped.status() == 75, stopped.text
    assert stopped.text.count("stopped by SIGTERM") == 1
    assert "Traceback" not in stopped.text
    done = json.loads((tmp_path / "run/summary.json").read_text())["steps"]
    assert (tmp_path / f"run/checkpoints/step-{done:06d}").is_dir()

    killed = start(tmp_path, *_TWO)
    wait_for_step(killed, tmp_path / "run", done + 4)
    killed.process.kill()
    killed.process.join()
    last = start(tmp_path, f"run.resume={tmp_path}/run", "trainer.keep_checkpoints=9", data=False)
    assert last.status() == 0, last.text
    assert "resume after step" in last.text
    assert len(list((tmp_path / "run/checkpoints").iterdir())) > 3  # what was changed has reached the processes
    assert_equal(tmp_path / "run", untouched_two)
