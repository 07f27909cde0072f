"""The progress bar: loss, tokens per second, time left. Where no terminal watches, a line now and then."""

import time

from pytorch_lightning import Callback, LightningModule, Trainer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from medgenius.config.duration import duration
from medgenius.training.callbacks.throughput import Throughput
from medgenius.training.module import FineTuning

__all__ = ["ProgressBar", "duration"]

_LINE_EVERY = 30.0
"""Seconds between lines without a terminal."""


class ProgressBar(Callback):
    def __init__(self, console: Console, throughput: Throughput, total_steps: int, epochs: int) -> None:
        self._console = console
        self._throughput = throughput
        self._total_steps = total_steps
        self._epochs = epochs
        self._validation = ""
        self._last_line = 0.0
        self._bar = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[numbers]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(elapsed_when_finished=False),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("training", total=total_steps, numbers="")

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self._bar.start()

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,  # noqa: ARG002
        outputs: object,  # noqa: ARG002
        batch: object,  # noqa: ARG002
        batch_idx: int,  # noqa: ARG002
    ) -> None:
        loss = float(trainer.callback_metrics["train/loss"])
        numbers = f"loss {loss:.3f}{self._validation} · {self._throughput.tokens_per_second:,.0f} tok/s"
        self._bar.update(
            self._task,
            completed=trainer.global_step,
            description=f"epoch {int(trainer.callback_metrics['epoch']) + 1}/{self._epochs}",
            numbers=numbers,
        )
        if not self._console.is_terminal:
            self._line(trainer.global_step, numbers)

    def _line(self, step: int, numbers: str) -> None:
        now = time.perf_counter()
        if now - self._last_line < _LINE_EVERY and step < self._total_steps:
            return
        self._last_line = now
        left = self._throughput.training_seconds / step * (self._total_steps - step)
        self._console.print(f"step {step}/{self._total_steps} · {numbers} · {duration(left)} left", highlight=False)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, FineTuning)
        if "validation/loss" in trainer.callback_metrics:
            loss = float(trainer.callback_metrics["validation/loss"])
            self._validation = f" · validation {pl_module.loss_before:.3f} → {loss:.3f}"

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self._bar.stop()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:  # noqa: ARG002
        self._bar.stop()
