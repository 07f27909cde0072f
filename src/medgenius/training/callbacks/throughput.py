"""Tokens per second and peak memory, and W&B's losses against tokens seen."""

import time

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.loggers import WandbLogger

from medgenius.data.steps import Step
from medgenius.training.machine import Machine
from medgenius.training.snapshot import Position


class Throughput(Callback):
    """Times optimizer steps; validation, samples and checkpoints are not counted."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._started = 0.0
        self.training_seconds = 0.0
        self.tokens = 0

    def restore(self, position: Position) -> None:
        """Count on from an earlier process of the run."""
        self.training_seconds, self.tokens = position.training_seconds, position.real_tokens

    @property
    def tokens_per_second(self) -> float:
        """Real tokens per second over all steps so far."""
        return self.tokens / self.training_seconds if self.training_seconds else 0.0

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Step, batch_idx: int) -> None:  # noqa: ARG002
        self._started = time.perf_counter()

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: object,  # noqa: ARG002
        batch: Step,
        batch_idx: int,  # noqa: ARG002
    ) -> None:
        seconds = time.perf_counter() - self._started
        self.training_seconds += seconds
        self.tokens += batch.real_tokens
        pl_module.log("tokens_per_second", batch.real_tokens / seconds)
        pl_module.log("peak_memory_bytes", float(self._machine.peak_memory_bytes()))
        self._log_by_tokens(trainer, "train/loss")

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self._log_by_tokens(trainer, "validation/loss")

    def _log_by_tokens(self, trainer: Trainer, metric: str) -> None:
        for logger in trainer.loggers:
            if isinstance(logger, WandbLogger) and metric in trainer.callback_metrics:
                value = float(trainer.callback_metrics[metric])
                logger.experiment.log({f"by_tokens/{metric}": value, "tokens/real": self.tokens})
