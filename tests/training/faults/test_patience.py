"""A run with patience ends where its validation loss falls no further, with its best adapter; also if killed."""

import json
import os
import signal
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from medgenius.runs import Run
from tests.processes import LINE, start, start_two
from tests.training.faults.test_checkpoints import flip
from tests.training.faults.test_kill import assert_equal, steps_told

_RISING = (
    *LINE,
    "optimizer.learning_rate=0.05",
    "scheduler=constant",
    "scheduler.warmup_ratio=0",
    "trainer.epochs=30",
    "trainer.keep_checkpoints=99",
)
"""Soon learns its few dialogues by heart, after which the validation loss rises."""
_LINE = (*_RISING, "trainer.patience=2", "run.name=run")


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that its patience has ended."""
    root = tmp_path_factory.mktemp("patient")
    process = start(root, *_LINE)
    assert process.status() == 0, process.text
    assert "no lower validation loss in 2 validations: ended early" in process.text
    return Run(root / "run", "run")


def validations(run: Run) -> dict[int, float]:
    """Loss after each number of steps, in order; without that before training."""
    lines = [json.loads(line) for line in run.metrics.read_text(encoding="utf-8").splitlines()]
    return {line["step"] + 1: line["validation/loss"] for line in lines[1:] if "validation/loss" in line}


def end_of(losses: dict[int, float], patience: int) -> tuple[int, int | None]:
    """The step of the lowest loss so far, and the one at which patience ends."""
    best = min(losses)
    for step, loss in losses.items():
        if loss < losses[best]:
            best = step
        elif [value for later, value in losses.items() if best < later <= step][patience - 1 :]:
            return best, step
    return best, None


def assert_adapter_of(run: Run, step: int) -> None:
    ours = load_file(run.adapter / "adapter_model.safetensors")
    theirs = load_file(run.checkpoints / f"step-{step:06d}" / "adapter.safetensors")
    assert {name.removeprefix("base_model.") for name in ours} == {name.removeprefix("base_model.") for name in theirs}
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_it_ends_after_so_many_validations_with_the_adapter_of_the_lowest(patient: Run) -> None:
    losses, summary = validations(patient), json.loads(patient.summary.read_text())
    best, end = end_of(losses, 2)

    assert end == max(losses) == summary["steps"] < 210
    assert summary["status"] == "finished"
    assert summary["adapter_step"] == best < end
    assert losses[best] == min(losses.values())
    assert summary["validation_loss_after"] == pytest.approx(losses[best], rel=1e-6)  # the file has fp32
    assert_adapter_of(patient, best)


def test_until_then_it_is_the_run_that_has_no_patience(patient: Run, tmp_path: Path) -> None:
    end = max(validations(patient))
    process = start(tmp_path, *_RISING, f"trainer.max_steps={end}", "run.name=run")
    assert process.status() == 0, process.text
    impatient = Run(tmp_path / "run", "run")

    assert validations(impatient) == validations(patient)
    assert_adapter_of(impatient, end)
    assert json.loads(impatient.summary.read_text())["adapter_step"] == end


def test_all_steps_done_it_is_still_the_adapter_of_the_lowest(patient: Run, tmp_path: Path) -> None:
    best, end = end_of(validations(patient), 2)
    process = start(tmp_path, *_RISING, "trainer.patience=50", f"trainer.max_steps={end}", "run.name=run")
    assert process.status() == 0, process.text

    assert "ended early" not in process.text
    assert_adapter_of(Run(tmp_path / "run", "run"), best)


def die_before_the_adapter() -> None:
    """As SIGKILL would, when training has ended and its best adapter is about to be written."""
    from medgenius.training import train  # noqa: PLC0415  in the process that trains

    train.save = lambda parts: os.kill(os.getpid(), signal.SIGKILL)  # noqa: ARG005


def test_killed_on_the_way_and_behind_the_end_it_leaves_the_same_bytes(patient: Run, tmp_path: Path) -> None:
    best, _ = end_of(validations(patient), 2)
    process = start(tmp_path, *_LINE, "run.resume=auto")
    while process.process.is_alive() and steps_told(tmp_path / "run") < best + 6:  # one validation was no better
        pass
    process.process.kill()
    process.process.join()
    assert start(tmp_path, *_LINE, "run.resume=auto", prepare=die_before_the_adapter).status() == -signal.SIGKILL

    process = start(tmp_path, *_LINE, "run.resume=auto")
    assert process.status() == 0, process.text
    assert_equal(tmp_path / "run", patient.path)


def test_a_damaged_checkpoint_of_the_lowest_loss_is_told(patient: Run, tmp_path: Path) -> None:
    best, end = end_of(validations(patient), 2)
    assert end is not None
    assert start(tmp_path, *_LINE, prepare=die_before_the_adapter).status() == -signal.SIGKILL
    run = Run(tmp_path / "run", "run")
    flip(run.checkpoints / f"step-{best:06d}" / "adapter.safetensors")

    process = start(tmp_path, *_LINE, "run.resume=auto")
    assert process.status() == 0, process.text
    assert "is damaged (adapter.safetensors has changed): the adapter is that of the last step" in process.text
    assert_adapter_of(run, end)
    summary = json.loads(run.summary.read_text())
    assert summary["adapter_step"] == end
    assert summary["validation_loss_after"] == pytest.approx(validations(run)[end], rel=1e-6)


def test_two_processes_end_together_with_the_same_adapter(tmp_path: Path) -> None:
    for process in start_two(tmp_path, *_LINE, "trainer=ddp"):
        assert process.status() == 0, process.text
    run = Run(tmp_path / "run", "run")
    best, end = end_of(validations(run), 2)

    assert json.loads(run.summary.read_text())["steps"] == end
    assert_adapter_of(run, best)
