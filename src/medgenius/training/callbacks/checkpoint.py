"""Checkpoints: the adapter, the optimizer and where training stood. Never the frozen base, never a pickle."""

import json
import random
import shutil
from pathlib import Path

import numpy
import torch
from peft import get_peft_model_state_dict
from pytorch_lightning import Callback, LightningModule, Trainer
from safetensors.torch import save_file
from torch import Tensor

from medgenius.data.steps import Step
from medgenius.errors import NonFiniteError, RunError
from medgenius.runs import new_directory
from medgenius.training.module import FineTuning


class Checkpoints(Callback):
    """Writes `step-<n>/` every so many optimizer steps, at each validation and when numbers go wrong.

    The newest few stay, and the one with the lowest validation loss.
    """

    def __init__(self, folder: Path, every: int, keep: int) -> None:
        self._folder = folder
        self._every = every
        self._keep = keep
        self._best: tuple[float, str] | None = None

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: object,  # noqa: ARG002
        batch: Step,  # noqa: ARG002
        batch_idx: int,  # noqa: ARG002
    ) -> None:
        if trainer.global_step % self._every == 0:
            self._save(trainer, pl_module)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.state.fn != "fit" or trainer.sanity_checking:
            return
        name = self._save(trainer, pl_module)
        loss = float(trainer.callback_metrics["validation/loss"])
        if self._best is None or loss < self._best[0]:
            self._best = (loss, name)
        self._remove_old()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        if isinstance(exception, NonFiniteError) and trainer.state.fn == "fit":
            self._save(trainer, pl_module)  # the parameters were not updated: what stands here is the last good state

    def _save(self, trainer: Trainer, module: LightningModule) -> str:
        assert isinstance(module, FineTuning)
        name = f"step-{trainer.global_step:06d}"
        target = self._folder / name
        if target.is_dir():
            return name
        try:
            with new_directory(target) as temporary:
                write_checkpoint(temporary, trainer, module)
        except OSError as error:
            raise RunError(f"checkpoint {target} cannot be written: {error.strerror or error}") from None
        self._remove_old()
        return name

    def _remove_old(self) -> None:
        names = sorted(path.name for path in self._folder.glob("step-*"))
        best = self._best[1] if self._best else None
        for name in names[: -self._keep]:
            if name != best:
                shutil.rmtree(self._folder / name)


def write_checkpoint(folder: Path, trainer: Trainer, module: FineTuning) -> None:
    """Three files: adapter.safetensors, optimizer.safetensors, state.json."""
    adapter = get_peft_model_state_dict(module.model, save_embedding_layers=False)
    save_file(
        {name: tensor.detach().cpu().contiguous() for name, tensor in adapter.items()}, folder / "adapter.safetensors"
    )
    optimizer = trainer.optimizers[0].state_dict()
    tensors: dict[str, Tensor] = {}
    scalars = _take_tensors(optimizer, "", tensors)
    tensors["rng/torch"] = torch.get_rng_state()
    save_file(
        {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()},
        folder / "optimizer.safetensors",
    )
    state = {
        "step": trainer.global_step,
        "epoch": trainer.current_epoch,
        "batch_in_epoch": trainer.fit_loop.epoch_loop.batch_progress.current.completed,
        "real_tokens": module.real_tokens,
        "target_tokens": module.target_tokens,
        "optimizer": scalars,
        "schedule_step": trainer.lr_scheduler_configs[0].scheduler.last_epoch,
        "python_rng": repr(random.getstate()),
        "numpy_rng": repr(numpy.random.get_state(legacy=False)),
    }
    (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")


def _take_tensors(value: object, path: str, tensors: dict[str, Tensor]) -> object:
    """`value` as JSON, its tensors moved to `tensors` under their path."""
    if isinstance(value, Tensor):
        tensors[path] = value
        return {"tensor": path}
    if isinstance(value, dict):
        return {str(key): _take_tensors(inner, f"{path}/{key}", tensors) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_take_tensors(inner, f"{path}/{i}", tensors) for i, inner in enumerate(value)]
    return value
