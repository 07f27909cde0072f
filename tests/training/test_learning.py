"""That training learns, and what its schedule does."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from medgenius.config.scheduler import SchedulerConfig
from medgenius.data.steps import Step
from medgenius.model.loss import target_loss_sum
from medgenius.training.optimizer import build_optimizer, rate_factor
from tests.shared import shared_data
from tests.support import ROOT, composed, random_examples, tiny_model


@pytest.mark.parametrize("name", ["adamw_8bit", "adamw"])
def test_tiny_model_overfits_eight_dialogues(name: str) -> None:
    model = tiny_model("lora.r=64", "lora.alpha=128", "lora.dropout=0.0", dtype=torch.float32)
    config = composed(f"optimizer={name}", "optimizer.learning_rate=3e-3")
    optimizer = build_optimizer(model.parameters(), config.optimizer)
    step = Step(tuple(random_examples(*[(20, 12)] * 8)))
    loss = math.inf
    for _ in range(100):
        loss = 0.0
        for piece in step.passes(128):
            part = target_loss_sum(model, piece) / step.target_tokens
            part.backward()
            loss += part.item()
        optimizer.step()
        optimizer.zero_grad()
    assert loss < 0.1


@given(total=st.integers(1, 5000), warmup=st.floats(0, 1))
def test_rate_rises_to_its_peak_and_falls_towards_zero(total: int, warmup: float) -> None:
    schedule = SchedulerConfig(name="cosine", warmup_ratio=warmup)
    rates = [rate_factor(step, total, schedule) for step in range(total)]
    peak = min(math.ceil(warmup * total), total - 1)
    assert all(0 < rate <= 1 for rate in rates)
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert max(rates) == pytest.approx(1)


def test_cosine_agrees_with_transformers() -> None:
    from transformers import get_cosine_schedule_with_warmup  # noqa: PLC0415

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = get_cosine_schedule_with_warmup(optimizer, num_warmup_steps=6, num_training_steps=200)
    ours = SchedulerConfig(name="cosine", warmup_ratio=0.03)
    for step in range(200):
        wanted = theirs.get_last_lr()[0]
        if step >= 6:  # theirs spends its first step at a rate of zero; ours does not waste it
            assert rate_factor(step, 200, ours) == pytest.approx(wanted)
        optimizer.step()
        theirs.step()


@pytest.mark.slow
def test_the_default_run_learns_the_sample(tmp_path: Path) -> None:
    """About a quarter of an hour on two cores."""
    summary = _trained(tmp_path, "run.name=sample")

    assert summary["validation_loss_after"] <= 0.85 * summary["validation_loss_before"]


@pytest.mark.slow
def test_one_epoch_learns_two_thousand_rows_of_real_dialogues(tmp_path: Path) -> None:
    """About ten minutes on two cores."""
    rows = shared_data("corpus/dialogues_5k.jsonl.gz")
    summary = _trained(tmp_path, "experiment=first_learning", f"data.path={rows}", "run.name=real")

    assert summary["validation_loss_after"] <= 0.9 * summary["validation_loss_before"]


def _trained(root: Path, *overrides: str) -> dict[str, float]:
    line = [sys.executable, "train.py", *overrides, f"run.root={root}", "tracking=off"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=3600, check=False)
    assert done.returncode == 0, done.stderr
    run = Path(done.stdout.strip().splitlines()[-1].removeprefix("run: "))
    summary: dict[str, float] = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    return summary
