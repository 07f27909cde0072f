"""W&B out of reach: at the start, in the middle, at the end. The run goes on, and its file is complete."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.training.faults.processes import LINE, Started, start
from tests.training.faults.test_signals import lengthen_a_step, wait_for_step
from tests.training.faults.wandb_server import WandbServer
from tests.wandb_files import read_offline_file

_ONLINE = (*LINE, "tracking=online", "trainer.epochs=1", "run.name=run")


def impatient(then: Callable[[], None] | None = None) -> None:
    """At the end of the run W&B is waited for shortly."""
    from medgenius.training import loggers  # noqa: PLC0415  in the process that trains

    loggers._PATIENCE_AT_END = 1.0
    if then:
        then()


def assert_complete(root: Path, process: Started) -> None:
    """The run has finished, and W&B's file has every number of metrics.jsonl."""
    assert process.status() == 0, process.text
    assert "Traceback" not in process.text
    file = max((root / "run/wandb").glob("*run-*/*.wandb"), key=lambda path: path.stat().st_mtime_ns)
    kept = read_offline_file(file)
    local = [json.loads(line) for line in (root / "run/metrics.jsonl").read_text().splitlines()]
    for metric in ("train/loss", "validation/loss", "train/learning_rate"):
        assert kept.points(metric) == pytest.approx([entry[metric] for entry in local if metric in entry])


def test_cut_off_in_the_middle_the_run_goes_on_and_says_how_to_send_the_rest(tmp_path: Path) -> None:
    with WandbServer() as server:
        slow = partial(impatient, partial(lengthen_a_step, 3.0))
        process = start(tmp_path, *_ONLINE, prepare=slow, environment=server.environment)
        wait_for_step(process, tmp_path / "run", 3)
        server.cut()
        process.status()

    assert_complete(tmp_path, process)
    (folder,) = (tmp_path / "run/wandb").glob("run-*")
    said = [line for line in process.text.splitlines() if line.startswith("W&B:")]
    assert said == [f"W&B: can't be reached any more; later: wandb sync {folder}"]


def test_a_server_that_stays_has_every_step(tmp_path: Path) -> None:
    with WandbServer() as server:
        process = start(tmp_path, *_ONLINE, environment=server.environment)
        assert_complete(tmp_path, process)

        assert len(server.steps) >= 7
        assert "W&B" not in process.text


def test_a_server_that_refuses_makes_the_run_go_offline(tmp_path: Path) -> None:
    with WandbServer(refuses=True) as server:
        process = start(tmp_path, *_ONLINE, environment=server.environment)
        assert_complete(tmp_path, process)

    assert process.text.count("W&B: offline (") == 1
    assert "later: wandb sync" in process.text
