"""W&B out of reach: at the start, in the middle, at the end. The run goes on, and its file is complete."""

import json
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from medgenius.training.loggers import Wandb
from tests.processes import LINE, Started, start
from tests.training.faults.test_out_of_memory import wrap_step
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


def end_wandbs_process(step: int) -> None:
    """W&B does its work in a child of the process that trains."""

    def end(number: int) -> None:
        if number == step:
            mine = [path for path in Path("/proc").glob("[0-9]*") if f"\nPPid:\t{os.getpid()}\n" in status_of(path)]
            (its,) = [int(path.name) for path in mine if b"wandb-core" in (path / "cmdline").read_bytes()]
            os.kill(its, signal.SIGKILL)

    wrap_step(end)


def status_of(process: Path) -> str:
    try:
        return (process / "status").read_text()
    except OSError:  # it has ended meanwhile
        return ""


class _Gone:
    """What W&B's side of the connection is like when its process has ended."""

    def log(self, *_: object) -> None:
        raise ConnectionResetError("Connection lost")


def test_that_wandbs_own_process_has_ended_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    logger = Wandb(experiment=_Gone())  # type: ignore[arg-type]
    for step in range(3):
        logger.log_metrics({"train/loss": 2.0}, step)
    assert capsys.readouterr().out == "W&B: its process has ended; from here on metrics.jsonl alone has the numbers\n"


@pytest.mark.faults
def test_where_wandbs_own_process_is_killed_the_run_goes_on(tmp_path: Path) -> None:
    line = (*LINE, "tracking=offline", "trainer.epochs=1", "run.name=run")
    process = start(tmp_path, *line, prepare=partial(end_wandbs_process, 2))

    assert process.status() == 0, process.text
    assert "Traceback" not in process.text
    assert process.text.count("W&B: its process has ended; from here on metrics.jsonl alone has the numbers") == 1
    summary = json.loads((tmp_path / "run/summary.json").read_text())
    assert summary["status"] == "finished"
    assert (tmp_path / "run/metrics.jsonl").read_text().count("train/loss") == summary["steps"]


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
