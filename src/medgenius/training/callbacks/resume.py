"""The first step of this process: random generators, and for a run that goes on, the optimizer."""

from pytorch_lightning import Callback, LightningModule, Trainer

from medgenius.data.steps import Step
from medgenius.training.rng import RandomState, set_random_state
from medgenius.training.snapshot import Snapshot, restore_optimizer


class Resume(Callback):
    """Puts everything where the last process left it, at the same place of the loop as `Checkpoints` took it.

    Args:
        rng: of this process at the start of its first step.
    """

    def __init__(self, snapshot: Snapshot | None, rng: RandomState) -> None:
        self._snapshot = snapshot
        self._rng: RandomState | None = rng

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002  Lightning's signature
        if self._snapshot:
            restore_optimizer(trainer, self._snapshot)
            self._snapshot = None  # its memory is not needed any more

    def on_train_batch_start(
        self,
        trainer: Trainer,  # noqa: ARG002
        pl_module: LightningModule,  # noqa: ARG002
        batch: Step,  # noqa: ARG002
        batch_idx: int,  # noqa: ARG002
    ) -> None:
        if self._rng:
            set_random_state(self._rng)
            self._rng = None
