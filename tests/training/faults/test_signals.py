"""SIGTERM, SIGUSR1 and Ctrl-C: the step is finished, a checkpoint written, and the run says how to go on."""

import errno
import json
import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest
import torch
from pytorch_lightning import LightningModule, Trainer

from medgenius.config.launch import Place
from medgenius.errors import Interrupted
from medgenius.training.callbacks.signals import Signals
from medgenius.training.distributed import Group
from tests.processes import LINE, Started, start
from tests.training.faults.test_kill import assert_equal
from tests.wandb_files import read_offline_file

_LONG = ("trainer.epochs=1000", "trainer.checkpoint_every=1h", "trainer.validate_every=100000")
"""Longer than any test, so that only the signal ends it; and only the signal writes a checkpoint."""


def wait_for_step(process: Started, run: Path, step: int) -> None:
    """Until metrics.jsonl tells of that many steps."""
    metrics = run / "metrics.jsonl"
    for _ in range(2400):
        if metrics.exists() and metrics.read_bytes().count(b"train/loss") >= step:
            return
        assert process.process.is_alive(), process.text
        time.sleep(0.05)
    raise AssertionError(process.text)


@pytest.mark.parametrize(("number", "status"), [("SIGTERM", 75), ("SIGUSR1", 75), ("SIGINT", 130)])
def test_a_signal_ends_the_run_between_two_steps_with_a_checkpoint(number: str, status: int, tmp_path: Path) -> None:
    process = start(tmp_path, *LINE, *_LONG, "run.name=run")
    wait_for_step(process, tmp_path / "run", 3)
    process.send(signal.Signals[number])

    assert process.status() == status, process.text
    summary = json.loads((tmp_path / "run/summary.json").read_text())
    assert (summary["status"], summary["error"]) == ("interrupted", f"stopped by {number}")
    (checkpoint,) = (tmp_path / "run/checkpoints").iterdir()
    assert checkpoint.name == f"step-{summary['steps']:06d}"
    steps = (tmp_path / "run/metrics.jsonl").read_text().count("train/loss")
    assert steps == summary["steps"]
    assert f"go on: python train.py run.resume={(tmp_path / 'run').resolve()}" in process.text.splitlines()
    assert "Traceback" not in process.text
    assert not (tmp_path / "run/lock").exists()


def test_a_signal_is_heeded_where_its_terminal_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("os.write", gone)
    trainer, module = Trainer(logger=False), LightningModule()
    with Signals() as signals:
        signals.agree_with(Group(Place(), torch.device("cpu")))
        signals.on_train_start(trainer, module)
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Interrupted) as stop:
            signals.on_train_batch_start(trainer, module, None, 0)
    assert stop.value.between_steps


def test_a_second_ctrl_c_leaves_at_once_without_a_checkpoint(tmp_path: Path) -> None:
    slow = partial(lengthen_a_step, 60.0)
    process = start(tmp_path, *LINE, *_LONG, "run.name=run", prepare=slow)
    wait_for_step(process, tmp_path / "run", 3)
    time.sleep(0.2)  # the fourth step has begun, and takes a minute
    began = time.monotonic()
    process.send(signal.SIGINT)
    time.sleep(0.5)
    assert process.process.is_alive()
    process.send(signal.SIGINT)

    assert process.status() == 130, process.text
    assert time.monotonic() - began < 45
    assert "SIGINT: stopping after this step; once more: at once" in process.text
    assert not list((tmp_path / "run").glob("checkpoints/*"))


def lengthen_a_step(seconds: float) -> None:
    """Step 4 waits that long after its gradient is there, in the middle of the step."""
    from medgenius.training.module import FineTuning  # noqa: PLC0415  in the process that trains

    original = FineTuning.on_before_optimizer_step

    def waiting(self: FineTuning, optimizer: object) -> None:
        if self.steps_done == 3:
            time.sleep(seconds)
        original(self, optimizer)  # type: ignore[arg-type]

    FineTuning.on_before_optimizer_step = waiting  # type: ignore[method-assign]


def stop_in_validation(number: signal.Signals, step: int) -> None:
    """The process gets the signal in the middle of the validation after that step."""
    from medgenius.training.module import FineTuning  # noqa: PLC0415  in the process that trains

    original = FineTuning.validation_step

    def signalled(self: FineTuning, *arguments: object) -> None:
        if self.steps_done == step:
            os.kill(os.getpid(), number)
        original(self, *arguments)  # type: ignore[arg-type]

    FineTuning.validation_step = signalled  # type: ignore[assignment,method-assign]


def stop_after_step(number: signal.Signals, step: int) -> None:
    """The process gets the signal inside the step after that one."""
    from medgenius.training.module import FineTuning  # noqa: PLC0415  in the process that trains

    original = FineTuning.training_step

    def signalled(self: FineTuning, *arguments: object) -> None:
        if self.steps_done == step:
            os.kill(os.getpid(), number)
        original(self, *arguments)  # type: ignore[arg-type]

    FineTuning.training_step = signalled  # type: ignore[assignment,method-assign]


def test_a_run_that_was_stopped_again_and_again_ends_with_the_same_bytes(
    untouched: tuple[Path, float], tmp_path: Path
) -> None:
    # In a step, in validations within an epoch and at the end of one, in the last step; the last goes by directory.
    stops = [(stop_after_step, 3), (stop_in_validation, 10), (stop_in_validation, 15), (stop_after_step, 27)]
    for where, step in stops:
        prepare = partial(where, signal.SIGTERM, step)
        process = start(tmp_path, *LINE, "run.name=run", "run.resume=auto", prepare=prepare)
        assert process.status() == 75, process.text
    process = start(tmp_path, f"run.resume={tmp_path}/run", data=False)
    assert process.status() == 0, process.text
    assert_equal(tmp_path / "run", untouched[0])


def test_a_finished_run_says_so_and_stays_as_it_is(untouched: tuple[Path, float]) -> None:
    run, _ = untouched
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    process = start(run.parent, *LINE, "run.name=run", "run.resume=auto")
    assert process.status() == 0
    assert process.text.strip() == f"{run.resolve()} has finished: its adapter is {run.resolve()}/adapter"
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before


@pytest.mark.parametrize("step", [3, 6])  # before the first validation, and after it
def test_a_resumed_run_is_the_same_run_of_wandb(step: int, tmp_path: Path) -> None:
    line = (*LINE, "tracking=offline", "trainer.epochs=1", "run.name=run", "run.resume=auto")
    stop = partial(stop_after_step, signal.SIGTERM, step)
    assert start(tmp_path, *line, prepare=stop).status() == 75
    process = start(tmp_path, *line)
    assert process.status() == 0, process.text

    first, second = (read_offline_file(file) for file in sorted((tmp_path / "run").glob("wandb/offline-run-*/*.wandb")))
    assert first.run_id == second.run_id
    assert first.exit_code != 0
    assert second.exit_code == 0
    local = [json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    for metric, count in (("train/loss", 7), ("validation/loss", 3)):
        points = [entry[metric] for entry in local if metric in entry]
        assert len(points) == count
        assert first.points(metric) + second.points(metric) == pytest.approx(points)
        against_tokens = first.points(f"by_tokens/{metric}") + second.points(f"by_tokens/{metric}")
        assert against_tokens == pytest.approx(points)


def test_a_second_process_is_refused_while_the_first_trains(tmp_path: Path) -> None:
    first = start(tmp_path, *LINE, *_LONG, "run.name=run")
    wait_for_step(first, tmp_path / "run", 1)
    second = start(tmp_path, *LINE, *_LONG, "run.name=run", "run.resume=auto")

    assert second.status() == 1
    assert f"is in use: process {first.process.pid} on " in second.text
    assert "Traceback" not in second.text
    first.send(signal.SIGTERM)
    assert first.status() == 75, first.text
