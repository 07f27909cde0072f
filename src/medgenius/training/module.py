"""The Lightning module: one batch is one optimizer step, and tokens are its unit."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.core.optimizer import LightningOptimizer
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from medgenius.config.optimizer import OptimizerConfig
from medgenius.config.scheduler import SchedulerConfig
from medgenius.data.steps import Step
from medgenius.errors import NonFiniteError
from medgenius.model.backend import Trainable
from medgenius.training.distributed import Group
from medgenius.training.memory import PassSize
from medgenius.training.optimizer import build_optimizer, build_schedule


@dataclass(slots=True)
class FrozenLoss:
    """Validation loss of the frozen model alone, None until somebody has measured it. Runs of a process over the same
    model and rows may share one."""

    value: float | None = None


class FineTuning(LightningModule):
    """A 4-bit LLaMA with a LoRA adapter.

    The loss of a step is the mean over all target tokens of its dialogues, so how they are cut into passes and dealt
    to processes changes memory and time and nothing else.
    """

    def __init__(  # noqa: PLR0913, PLR0917  what a run is made of
        self,
        trainable: Trainable,
        optimizer: OptimizerConfig,
        scheduler: SchedulerConfig,
        total_steps: int,
        steps_per_epoch: int,
        gradient_clip_val: float,
        pass_size: PassSize,
        group: Group,
        frozen_loss: FrozenLoss | None = None,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False  # Lightning would keep the graphs of all passes until the end of the step
        self.model = trainable.model
        self._loss_sum = trainable.loss_sum
        self._optimizer_config = optimizer
        self._scheduler_config = scheduler
        self.total_steps = total_steps
        self._steps_per_epoch = steps_per_epoch
        self._gradient_clip_val = gradient_clip_val
        self._pass_size = pass_size
        self._group = group
        self._frozen_loss = frozen_loss or FrozenLoss()
        self._trained = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        self.real_tokens = 0
        """Tokens seen in training so far."""
        self.target_tokens = 0
        """Of these, the ones that were targets."""
        self.steps_done = 0
        """Optimizer steps."""
        self.validated_at = -1
        """Optimizer steps done at the last validation."""
        self.validation_loss: float | None = None
        """Of the last validation."""
        self.best_step: int | None = None
        """Optimizer steps done at the lowest validation loss."""
        self.best_loss: float | None = None
        self.validations_since_best = 0
        self.loss_before: float | None = None
        """Validation loss of the frozen model alone; known from the first validation on."""
        self.step_began = 0.0
        """The last step, on the clock of `time.perf_counter`."""
        self._gradient_norm = 0.0
        # In fp64, and on the device: to read them after each pass would be to wait for it.
        self._validation_loss_sum: Tensor | float = 0.0
        self._loss_sum_before: Tensor | float = 0.0
        self._validation_targets = 0

    @property
    def epoch(self) -> int:
        """Of the last step, from 0. Lightning knows of one epoch only: the run as a list of steps."""
        return max(0, self.steps_done - 1) // self._steps_per_epoch

    def on_train_batch_start(self, batch: Step, batch_idx: int) -> None:  # noqa: ARG002  Lightning's signature
        """Called behind the callbacks': a checkpoint that one of them takes there is no part of the step."""
        self.step_began = time.perf_counter()

    def training_step(self, step: Step, _index: int) -> None:
        total = self._pass_size.fit(step, self._accumulate)
        total = self._group.add_up_gradients(self._trained, total)
        self._stop_unless_finite("loss", float(total))
        rate = self._update()
        self.steps_done += 1
        self.real_tokens += step.real_tokens
        self.target_tokens += step.target_tokens
        # Logged together, after the step: Lightning forgets what was logged before a hook that logs as well.
        self.log("train/loss", float(total))
        self.log("train/learning_rate", rate)
        self.log("train/gradient_norm", self._gradient_norm)
        self.log("tokens/real", float(self.real_tokens))
        self.log("tokens/target", float(self.target_tokens))
        self.log("epoch", float(self.epoch))

    def _accumulate(self, step: Step, tokens_per_pass: int) -> Tensor:
        """The gradients of this process's share of the step, pass after pass; gives its share of the loss."""
        self._optimizer.zero_grad()
        total, targets = torch.zeros((), device=self.device), step.target_tokens
        for piece in step.passes(tokens_per_pass, self.device):
            loss = self._loss_sum(self.model, piece) / targets
            self.manual_backward(loss)
            total += loss.detach()
        return total

    def _update(self) -> float:
        """One step of optimizer and schedule; gives the learning rate that was used."""
        schedule = self.lr_schedulers()
        assert isinstance(schedule, LambdaLR)
        rate = float(schedule.get_last_lr()[0])
        self._optimizer.step()
        schedule.step()
        return rate

    @property
    def _optimizer(self) -> LightningOptimizer:
        optimizer = self.optimizers()
        assert isinstance(optimizer, LightningOptimizer)
        return optimizer

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:  # noqa: ARG002  Lightning's signature
        """Clip. Lightning calls this with gradients unscaled, in every precision."""
        norm = float(torch.nn.utils.clip_grad_norm_(self._trained, self._gradient_clip_val))
        if self.trainer.precision != "16-mixed":  # there an overflow is expected, and its step skipped
            self._stop_unless_finite("gradient", norm)
        self._gradient_norm = norm

    def _stop_unless_finite(self, what: str, value: float) -> None:
        if not math.isfinite(value):
            raise NonFiniteError(
                f"the {what} became {value} at step {self.steps_done + 1}; the adapter was not updated with it. "
                "Try a lower optimizer.learning_rate"
            )

    def validation_step(self, step: Step, _index: int) -> None:
        """With the adapter; the first time round also without, which is the model before training, if nobody knows it.

        A fresh adapter's B is zero, so the loss is the same as if it had been measured before the first step, but
        that step need not wait for it.
        """
        self._validation_loss_sum += self._pass_size.fit(step, self._loss_sum_of)
        if self.loss_before is None and self._frozen_loss.value is None:
            with self.model.disable_adapter():
                self._loss_sum_before += self._pass_size.fit(step, self._loss_sum_of)
        self._validation_targets += step.target_tokens

    def _loss_sum_of(self, step: Step, tokens_per_pass: int) -> Tensor:
        start = torch.zeros((), dtype=torch.float64, device=self.device)
        passes = step.passes(tokens_per_pass, self.device)
        return sum((self._loss_sum(self.model, piece).double() for piece in passes), start)

    def on_validation_epoch_end(self) -> None:
        if self.loss_before is None:
            if self._frozen_loss.value is None:
                loss_sum = self._group.add_up(float(self._loss_sum_before))
                self._frozen_loss.value = loss_sum / self._validation_targets
            self.loss_before = self._frozen_loss.value
            for logger in self.loggers:
                logger.log_metrics(_validation_metrics(self.loss_before), step=0)
        loss = self._group.add_up(float(self._validation_loss_sum)) / self._validation_targets
        self._validation_loss_sum, self._validation_targets = 0.0, 0
        if not math.isfinite(loss):  # the last update has ruined the adapter
            raise NonFiniteError(
                f"the validation loss became {loss} after step {self.steps_done}. Try a lower optimizer.learning_rate"
            )
        self.validated_at, self.validation_loss = self.steps_done, loss
        if self.best_loss is None or loss < self.best_loss:
            self.best_step, self.best_loss, self.validations_since_best = self.steps_done, loss, 0
        else:
            self.validations_since_best += 1
        self.log_dict({**_validation_metrics(loss), "epoch": float(self.epoch)})

    def transfer_batch_to_device(self, batch: Step, device: torch.device, dataloader_idx: int) -> Step:  # noqa: ARG002
        """A step's passes are moved one at a time."""
        return batch

    def configure_optimizers(self) -> tuple[Sequence[Optimizer], Sequence[LambdaLR]]:
        optimizer = build_optimizer(self.model.parameters(), self._optimizer_config)
        return [optimizer], [build_schedule(optimizer, self.total_steps, self._scheduler_config)]

    def forward(self, *_: Tensor) -> Tensor:
        raise NotImplementedError("training and validation steps are all there is; see medgenius.model.loss")


def _validation_metrics(loss: float) -> dict[str, float]:
    return {"validation/loss": loss, "validation/perplexity": math.exp(min(loss, 700.0))}
