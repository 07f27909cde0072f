"""Numbers that are no longer finite at some step: the run ends with the last good state, and can go on from it."""

import json
import math
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from rich.console import Console

from medgenius.config.launch import Place
from medgenius.errors import NonFiniteError
from medgenius.runs import Run
from medgenius.training.train import train
from tests.processes import LINE, start, start_two
from tests.support import composed
from tests.training.faults.test_kill import assert_equal
from tests.training.faults.test_out_of_memory import wrap_step

_SHORT = (*LINE, "run.name=run", "run.resume=auto")


def spoil_loss(step: int, rank: str | None = None) -> None:
    """The loss of that step, from 0, is not a number; in one process, or in all."""
    from medgenius.model import backend  # noqa: PLC0415  in the process that trains

    original, spoilt = vars(backend)["target_loss_sum"], False

    def begin(number: int) -> None:
        nonlocal spoilt
        spoilt = number == step and rank in {None, os.environ.get("RANK")}

    def wrong(*arguments: object) -> torch.Tensor:
        loss: torch.Tensor = original(*arguments)
        return loss * math.nan if spoilt else loss

    wrap_step(begin)
    vars(backend)["target_loss_sum"] = wrong


def spoil_gradient(step: int) -> None:
    """A gradient of that step, from 0, is infinite, and the loss is not."""
    from medgenius.training.module import FineTuning  # noqa: PLC0415  in the process that trains

    original = FineTuning.on_before_optimizer_step

    def wrong(self: FineTuning, optimizer: object) -> None:
        if self.steps_done == step:
            next(p for p in self.parameters() if p.grad is not None).grad.fill_(math.inf)  # type: ignore[union-attr]
        original(self, optimizer)  # type: ignore[arg-type]

    FineTuning.on_before_optimizer_step = wrong  # type: ignore[method-assign]


def test_a_validation_after_an_update_that_was_too_long_says_so(tmp_path: Path) -> None:
    small = ("model=tiny", "tracking=off", "tracking.log_samples=false", "trainer.compile=false", "data.max_rows=24")
    line = (*small, "data.max_length=512", "trainer.max_steps=1", "optimizer.learning_rate=1e38")
    with pytest.raises(NonFiniteError, match=r"^the validation loss became nan after step 1\. Try a lower"):
        train(composed(*line), Run(tmp_path, "run"), Console(quiet=True), Place())


@pytest.mark.parametrize(("spoil", "what"), [(spoil_loss, "loss"), (spoil_gradient, "gradient")])
def test_a_number_that_is_none_ends_the_run_with_the_last_good_state(
    spoil: Callable[[int], None], what: str, untouched: tuple[Path, float], tmp_path: Path
) -> None:
    process = start(tmp_path, *_SHORT, prepare=partial(spoil, 4))

    assert process.status() == 1
    assert "Traceback" not in process.text
    (line,) = [text for text in process.text.splitlines() if text.startswith("error:")]
    assert line.startswith(f"error: the {what} ")
    assert "step 5" in line
    summary = json.loads((tmp_path / "run/summary.json").read_text())
    assert (summary["status"], summary["steps"]) == ("failed", 4)
    assert max(path.name for path in (tmp_path / "run/checkpoints").iterdir()) == "step-000004"
    assert (tmp_path / "run/metrics.jsonl").read_text().count("train/loss") == 4
    process = start(tmp_path, *_SHORT)  # whatever made the number has gone
    assert process.status() == 0, process.text
    assert_equal(tmp_path / "run", untouched[0])


@pytest.mark.faults
def test_a_number_that_is_none_in_one_of_two_processes_ends_both(untouched: tuple[Path, float], tmp_path: Path) -> None:
    both = start_two(
        tmp_path, *_SHORT, "trainer=ddp", "trainer.devices=2", prepare=partial(spoil_loss, step=4, rank="1")
    )

    assert [process.status() for process in both] == [1, 1], [process.text for process in both]
    assert "error: the loss " in both[0].text
    assert "Traceback" not in both[0].text + both[1].text
    assert max(path.name for path in (tmp_path / "run/checkpoints").iterdir()) == "step-000004"
