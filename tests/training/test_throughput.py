"""Figures of speed and memory are those of the steps, and of all processes of a run."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from pytorch_lightning import Trainer
from rich.console import Console

from medgenius.config.launch import Place
from medgenius.model.machine import Machine
from medgenius.runs import Run
from medgenius.training.callbacks import checkpoint
from medgenius.training.callbacks.throughput import Throughput
from medgenius.training.checkpoints import checkpoint_path
from medgenius.training.module import FineTuning
from medgenius.training.rng import RandomState
from medgenius.training.snapshot import Position, Snapshot, take_snapshot
from medgenius.training.train import train
from tests.support import composed
from tests.training.positions import POSITION

_SMALL = ("model=tiny", "tracking=off", "tracking.log_samples=false", "trainer.compile=false", "data.max_rows=24")


def test_a_checkpoint_takes_no_time_of_the_step_behind_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, gone = time.perf_counter, 0.0

    def slowly(trainer: Trainer, module: FineTuning, position: Position, rng: list[RandomState]) -> Snapshot:
        nonlocal gone
        gone += 1000.0
        return take_snapshot(trainer, module, position, rng)

    monkeypatch.setattr(time, "perf_counter", lambda: clock() + gone)
    monkeypatch.setattr(checkpoint, "take_snapshot", slowly)
    run = Run(tmp_path / "run", "run")
    run.path.mkdir()
    steps = ("data.max_length=512", "trainer.batch_size=4", "trainer.max_steps=3", "trainer.checkpoint_every=1")

    summary = train(composed(*_SMALL, *steps), run, Console(quiet=True), Place())

    assert summary.seconds > 3000
    assert summary.real_tokens / summary.tokens_per_second < 1000
    state = json.loads((checkpoint_path(run.checkpoints, 3) / "state.json").read_text())
    assert 0 < state["position"]["peak_memory_bytes"] <= summary.peak_memory_bytes


def test_tokens_seconds_and_peak_of_an_earlier_process_count() -> None:
    throughput = Throughput(Machine(torch.device("cpu"), torch.float32))
    own = throughput.peak_memory_bytes

    throughput.restore(replace(POSITION, real_tokens=20, training_seconds=4.0, peak_memory_bytes=own * 100))

    assert throughput.peak_memory_bytes == own * 100
    assert throughput.tokens_per_second == 5.0
