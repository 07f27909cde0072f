"""What a checkpoint costs the training: seconds per step with one after every other step, beside the steps between.

    python benchmarks/checkpointing.py [--steps 24] [overrides of train …]

All steps train on the same 32 dialogues, so that they have the same work. Steps of both kinds take turns in one
process, and each with a checkpoint is compared with the mean of its two neighbours, so that whatever else the machine
does falls on both. `the copy` is what the training waits for; `written in` is what the thread does beside the step.
Nothing else should run meanwhile.
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
from medgenius.evaluation.intervals import paired_interval
from medgenius.runs import create_run
from medgenius.training import trainer as trainer_module
from medgenius.training.callbacks.checkpoint import Checkpoints
from medgenius.training.loggers import JsonlLogger
from medgenius.training.snapshot import Snapshot
from medgenius.training.train import train

_SHARE = 0.02
"""Of a step that a checkpoint may cost."""
_SAME_STEPS = (
    *("data.max_rows=35", "trainer.batch_size=32", "trainer.epochs=1000"),  # 3 of them are held out
    *("tracking.samples=1", "tracking.sample_tokens=4"),
)
_WARMING_UP = 2
"""Steps that are not counted."""


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
    parser.add_argument("--steps", type=int, default=24)
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
            *_SAME_STEPS,
            *given.overrides,
        )
        config = composed(TrainConfig, *line)
        run = create_run(config.run, Launch(line))
        train(config, run, Console(stderr=True), Place())
        (last, *_) = run.checkpoints.glob("step-*")
        size = sum(file.stat().st_size for file in Path(last).iterdir())
    tell(size)


def tell(size: int) -> None:
    """
    Args:
        size: bytes of a checkpoint
    """
    # The step of index i (from 0) began after step i; checkpoints fall after even counts of steps.
    times = {i: after - before for i, (before, after) in enumerate(pairwise(ends), start=1) if i >= _WARMING_UP}
    pairs = [
        ((times[i - 1] + times[i + 1]) / 2, times[i]) for i in times if i % 2 == 0 and {i - 1, i + 1} <= set(times)
    ]
    without, saving = ([pair[side] for pair in pairs] for side in (0, 1))
    cost = paired_interval([1.0] * len(pairs), [one / other for other, one in pairs])
    plain, waited = statistics.median(without), statistics.median(copying)
    print("| what | seconds |\n|---|---|")
    print(f"| steps without a checkpoint, median of {len(pairs)} pairs | {plain:.3f} |")
    print(f"| steps with one | {statistics.median(saving):.3f} |")
    print(
        f"| a step is slower by, mean of the pairs (95 % interval; {_SHARE:.0%} allowed) "
        f"| {cost.difference:+.2%} ({cost.low:+.2%} to {cost.high:+.2%}) |"
    )
    print(f"| of it the copy | {waited:.4f} ({waited / plain:.2%}) |")
    print(f"| written in, beside the step | {statistics.median(writing):.3f} |")
    print(f"\n{size / 1e6:.1f} MB a checkpoint; {torch.get_num_threads()} threads; torch {torch.__version__}")


if __name__ == "__main__":
    main()
