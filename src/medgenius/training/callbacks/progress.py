"""What a person sees of the training: step, loss, tokens per second, time left."""

import time
from collections import deque
from dataclasses import dataclass

from pytorch_lightning import Callback, LightningModule, Trainer
from rich.console import Console

from medgenius.config.duration import duration
from medgenius.training.callbacks.throughput import Throughput
from medgenius.training.module import FineTuning
from medgenius.watching import Watched

_LAST_STEPS = 32


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a run stands at the end of a step."""

    seconds: float
    """On the clock"""
    step: int
    tokens: int
    training_seconds: float


class Pace:
    """How the last steps of this process went. An earlier process of the run may have had another machine."""

    def __init__(self, start: Mark) -> None:
        self._marks = deque([start], maxlen=_LAST_STEPS + 1)
        self._noted = 0

    def note(self, mark: Mark) -> None:
        """The end of a step."""
        self._marks.append(mark)
        self._noted += 1
        if self._noted == 2:
            self._marks.popleft()  # the first step also prepared kernels

    @property
    def tokens_per_second(self) -> float:
        """Real tokens, in steps alone."""
        first, last = self._marks[0], self._marks[-1]
        return (last.tokens - first.tokens) / (last.training_seconds - first.training_seconds)

    def seconds_left(self, total_steps: int) -> float:
        """At the same pace, with the validations and checkpoints that fell between these steps."""
        first, last = self._marks[0], self._marks[-1]
        return (last.seconds - first.seconds) / (last.step - first.step) * (total_steps - last.step)


class ProgressBar(Callback):
    def __init__(self, console: Console, throughput: Throughput, total_steps: int, epochs: int) -> None:
        self._throughput = throughput
        self._total_steps = total_steps
        self._epochs = epochs
        self._validation = ""
        self._validating = ""
        self._numbers = ""
        self._pace: Pace | None = None
        self._watched = Watched(
            console, "", total_steps, lambda: " · ".join(part for part in (self._numbers, self._validating) if part)
        )

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self._watched.start()

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: object, batch_idx: int) -> None:  # noqa: ARG002
        if self._pace is None:
            self._pace = Pace(self._mark(trainer))

    def _mark(self, trainer: Trainer) -> Mark:
        return Mark(
            time.perf_counter(), trainer.global_step, self._throughput.tokens, self._throughput.training_seconds
        )

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,  # noqa: ARG002
        outputs: object,  # noqa: ARG002
        batch: object,  # noqa: ARG002
        batch_idx: int,  # noqa: ARG002
    ) -> None:
        assert self._pace
        self._pace.note(self._mark(trainer))
        metrics, step = trainer.callback_metrics, trainer.global_step
        epoch = f" · epoch {int(metrics['epoch']) + 1}/{self._epochs}" if self._epochs > 1 else ""
        self._numbers = (
            f"step {step}/{self._total_steps}{epoch} · loss {float(metrics['train/loss']):.3f}{self._validation} · "
            f"{self._pace.tokens_per_second:,.0f} tok/s · {duration(self._pace.seconds_left(self._total_steps))} left"
        )
        self._watched.update(step)

    def on_validation_batch_end(  # noqa: PLR0913, PLR0917  Lightning's signature
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: object,  # noqa: ARG002
        batch: object,  # noqa: ARG002
        batch_idx: int,
        dataloader_idx: int = 0,  # noqa: ARG002
    ) -> None:
        """A validation may take minutes, and the steps stand still meanwhile."""
        assert isinstance(pl_module, FineTuning)
        self._validating = f"validating {(batch_idx + 1) / sum(trainer.num_val_batches):.0%}"
        self._watched.update(pl_module.steps_done)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._validating = ""
        assert isinstance(pl_module, FineTuning)
        if "validation/loss" in trainer.callback_metrics:
            loss = float(trainer.callback_metrics["validation/loss"])
            self._validation = f" · validation {pl_module.loss_before:.3f} → {loss:.3f}"

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self._watched.stop(tells_last=True)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:  # noqa: ARG002
        self._watched.stop(tells_last=False)
