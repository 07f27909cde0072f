"""A run that is one trial of a study is told about after each validation, and may be ended there."""

import math
from collections.abc import Mapping
from typing import Protocol

from pytorch_lightning import Callback, LightningModule, Trainer

from medgenius.errors import Pruned
from medgenius.files import Json
from medgenius.training.module import FineTuning


class Watcher(Protocol):
    """The study, as its run sees it."""

    @property
    def facts(self) -> Mapping[str, Json]:
        """What W&B is told of the trial besides its config."""

    @property
    def offline_is_told(self) -> bool:
        """Whether it has said for all its trials that W&B is offline."""

    def validated(self, number: int, loss: float) -> None:
        """
        Args:
            number: of the validation, from 1; the same again after a run went on
            loss: mean over all targets of the validation set, in nats
        """

    def wants_end(self) -> bool:
        """Whether the rest of the run is not worth its time."""


class Pruning(Callback):
    """
    Args:
        every: optimizer steps from one validation to the next
    """

    def __init__(self, watcher: Watcher, every: int) -> None:
        self._watcher = watcher
        self._every = every

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """
        Raises:
            Pruned: the run has not done all its steps, and need not.
        """
        assert isinstance(pl_module, FineTuning)
        assert pl_module.validation_loss is not None
        number = math.ceil(pl_module.steps_done / self._every)
        self._watcher.validated(number, pl_module.validation_loss)
        unfinished = trainer.state.fn == "fit" and pl_module.steps_done < pl_module.total_steps
        if unfinished and self._watcher.wants_end():
            raise Pruned
