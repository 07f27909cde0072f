"""Early stopping: a run with patience ends when the validation loss falls no further, with its best adapter."""

from peft import set_peft_model_state_dict
from pytorch_lightning import Callback, LightningModule, Trainer
from rich.markup import escape
from torch import Tensor

from medgenius.errors import RunError
from medgenius.training.checkpoints import adapter_of
from medgenius.training.module import FineTuning
from medgenius.training.parts import Parts


class Patience(Callback):
    """
    Args:
        validations: in a row without a lower loss, after which training ends
    """

    def __init__(self, validations: int) -> None:
        self._validations = validations

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, FineTuning)
        if trainer.state.fn == "fit" and is_at_its_end(pl_module, self._validations):
            trainer.should_stop = True


def is_at_its_end(module: FineTuning, patience: int | None) -> bool:
    return patience is not None and module.validations_since_best >= patience


def take_best_adapter(parts: Parts) -> int:
    """Where the run has patience, put the adapter of the lowest validation loss into the model.

    Returns:
        The step whose adapter the model now has: the last one where there is no patience, and where the checkpoint of
        the lowest loss was damaged, which is said.
    """
    module, group = parts.module, parts.group
    step = module.best_step
    if parts.config.trainer.patience is None or step is None or step == module.steps_done:
        return module.steps_done
    adapter: dict[str, Tensor] | None = None
    if group.is_first:
        try:
            adapter = adapter_of(parts.run.checkpoints, step)
        except RunError as error:
            parts.console.print(
                f"[yellow]warning:[/] {escape(str(error))}: the adapter is that of the last step", soft_wrap=True
            )
    (adapter,) = group.from_first((adapter,))
    if adapter is None:
        return module.steps_done
    set_peft_model_state_dict(module.model, adapter)
    return step
