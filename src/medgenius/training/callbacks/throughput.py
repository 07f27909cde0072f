"""Tokens per second and peak memory, and W&B's losses against tokens seen."""

import time

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.loggers import WandbLogger

from medgenius.data.steps import Step
from medgenius.model.machine import Machine
from medgenius.training.module import FineTuning
from medgenius.training.snapshot import Position


class Throughput(Callback):
    """Times optimizer steps; validation, samples and checkpoints are not counted."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._peak_before = 0
        self.training_seconds = 0.0
        self.tokens = 0
        self._validated = False

    def restore(self, position: Position) -> None:
        """Count on from an earlier process of the run."""
        self.training_seconds, self.tokens = position.training_seconds, position.real_tokens
        self._peak_before = position.peak_memory_bytes
        self._validated = position.loss_before is not None

    @property
    def tokens_per_second(self) -> float:
        """Real tokens per second over all steps so far."""
        return self.tokens / self.training_seconds if self.training_seconds else 0.0

    @property
    def peak_memory_bytes(self) -> int:
        """Highest use so far, of the earlier processes of the run too."""
        return max(self._peak_before, self._machine.peak_memory_bytes())

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: object,  # noqa: ARG002
        batch: Step,
        batch_idx: int,  # noqa: ARG002
    ) -> None:
        assert isinstance(pl_module, FineTuning)
        seconds = time.perf_counter() - pl_module.step_began
        self.training_seconds += seconds
        self.tokens += batch.real_tokens
        pl_module.log("tokens_per_second", batch.real_tokens / seconds)
        pl_module.log("peak_memory_bytes", float(self.peak_memory_bytes))
        _log_by_tokens(trainer, "train/loss", float(trainer.callback_metrics["train/loss"]), self.tokens)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, FineTuning)
        if not self._validated and pl_module.loss_before is not None:
            _log_by_tokens(trainer, "validation/loss", pl_module.loss_before, 0)
            self._validated = True
        if "validation/loss" in trainer.callback_metrics:
            _log_by_tokens(trainer, "validation/loss", float(trainer.callback_metrics["validation/loss"]), self.tokens)


def _log_by_tokens(trainer: Trainer, metric: str, value: float, tokens: int) -> None:
    for logger in trainer.loggers:
        if isinstance(logger, WandbLogger):
            logger.log_metrics({f"by_tokens/{metric}": value, "tokens/real": tokens})
