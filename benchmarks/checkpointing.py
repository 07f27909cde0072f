"""What a checkpoint costs the training: seconds per step with one after every step, beside none at all.

    python benchmarks/checkpointing.py [--steps 12] [overrides of train …]

Steps of both kinds take turns in one process, so that whatever else the machine does falls on both. `in the step` is
what the training waits for, the copy; `written in` is what the thread does beside the next step.
"""

import argparse
import logging
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from rich.console import Console

from medgenius.config.app import composed
from medgenius.config.launch import Launch, Place
from medgenius.config.train import TrainConfig
from medgenius.runs import create_run
from medgenius.training import trainer as trainer_module
from medgenius.training.callbacks.checkpoint import Checkpoints
from medgenius.training.loggers import JsonlLogger
from medgenius.training.snapshot import Snapshot
from medgenius.training.train import train

_SHARE = 0.02
"""Of a step that a checkpoint may cost."""


copying: list[float] = []
writing: list[float] = []
ends: list[float] = []
"""Seconds on the clock at which steps ended."""


class Alternating(Checkpoints):
    """A checkpoint after every other step; times what it adds."""

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: object, batch_idx: int) -> None:
        began = time.perf_counter()
        super().on_train_batch_start(trainer, pl_module, batch, batch_idx)  # type: ignore[arg-type]
        if self._saved_at and self._saved_at == pl_module.steps_done:
            copying.append(time.perf_counter() - began)

    def _write(self, snapshot: Snapshot, metrics: JsonlLogger) -> None:
        began = time.perf_counter()
        super()._write(snapshot, metrics)
        writing.append(time.perf_counter() - began)


class Steps(Callback):
    """Seconds of each step, the copy of a checkpoint before it included."""

    def on_train_batch_end(self, *_: object) -> None:
        ends.append(time.perf_counter())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("overrides", nargs="*")
    given = parser.parse_args()
    trainer_module.Checkpoints = Alternating  # type: ignore[misc]
    build = trainer_module.build_trainer

    def with_times(*arguments: object) -> Trainer:
        built = build(*arguments)  # type: ignore[arg-type]
        built.callbacks.append(Steps())
        return built

    from medgenius.training import train as train_module  # noqa: PLC0415

    train_module.build_trainer = with_times  # type: ignore[assignment]
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        line = (
            f"run.root={folder}",
            "tracking=off",
            f"trainer.max_steps={given.steps}",
            "trainer.checkpoint_every=2",
            "trainer.validate_every=100000",
            *given.overrides,
        )
        config = composed(TrainConfig, *line)
        run = create_run(config.run, Launch(line))
        train(config, run, Console(stderr=True), Place())
        (last, *_) = run.checkpoints.glob("step-*")
        size = sum(file.stat().st_size for file in Path(last).iterdir())
    times = [after - before for before, after in pairwise(ends)]
    # The step of index i (from 0) began after step i; checkpoints fall after even counts of steps.
    with_one = [seconds for i, seconds in enumerate(times, start=1) if i % 2 == 0]
    without = [seconds for i, seconds in enumerate(times, start=1) if i % 2 == 1]
    plain, saving = statistics.median(without), statistics.median(with_one)
    waited = statistics.median(copying)
    print("| what | seconds |\n|---|---|")
    print(f"| step without a checkpoint, median of {len(without)} | {plain:.3f} |")
    print(f"| step with one, median of {len(with_one)} | {saving:.3f} ({(saving - plain) / plain:+.1%}) |")
    print(f"| of it in the step: the copy | {waited:.4f} ({waited / plain:.2%}; {_SHARE:.0%} allowed) |")
    print(f"| written in, beside the next step | {statistics.median(writing):.3f} |")
    print(f"\n{size / 1e6:.1f} MB a checkpoint; {torch.get_num_threads()} threads; torch {torch.__version__}")


if __name__ == "__main__":
    main()
