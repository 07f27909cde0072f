"""What training consists of between two steps, taken out of the live objects and put back into them."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from peft import get_peft_model_state_dict, set_peft_model_state_dict
from pytorch_lightning import Trainer
from pytorch_lightning.plugins.precision import MixedPrecision
from torch import Tensor

from medgenius.files import Json
from medgenius.training.module import FineTuning
from medgenius.training.rng import RandomState


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far training is, in plain numbers."""

    step: int
    """Optimizer steps done."""
    real_tokens: int
    target_tokens: int
    validated_at: int
    """Steps that were done at the last validation; -1 before the first."""
    validation_loss: float | None
    loss_before: float | None
    """Validation loss of the frozen model alone; None before the first validation."""
    best_step: int | None
    best_loss: float | None
    """The lowest validation loss after a step."""
    validations_since_best: int
    training_seconds: float
    """In steps alone."""
    seconds: float
    """Of all processes that have worked on this run."""
    metrics_bytes: int
    """Length of metrics.jsonl."""
    peak_memory_bytes: int = 0
    """Highest use of all processes before; 0 in a checkpoint of a version that did not keep it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Tensors of its own on the CPU, so that it can be written while training goes on."""

    position: Position
    adapter: dict[str, Tensor]
    optimizer: dict[str, Tensor]
    settings: Json
    """Of optimizer, schedule and gradient scaler: what is no tensor, with places for those that are."""
    rng: list[RandomState]
    """Of each process, by rank."""


def take_snapshot(trainer: Trainer, module: FineTuning, position: Position, rng: list[RandomState]) -> Snapshot:
    scaler = _scaler(trainer)
    state = {
        "optimizer": trainer.optimizers[0].state_dict(),
        "schedule": trainer.lr_scheduler_configs[0].scheduler.state_dict(),
        "scaler": scaler.state_dict() if scaler else None,
    }
    tensors: dict[str, Tensor] = {}
    settings = _take_tensors(state, "", tensors)
    adapter = get_peft_model_state_dict(module.model, save_embedding_layers=False)
    return Snapshot(
        position=position,
        adapter=_copied(adapter),
        optimizer=_copied(tensors),
        settings=settings,
        rng=rng,
    )


def restore_adapter(module: FineTuning, snapshot: Snapshot) -> None:
    """The adapter and the module's counters."""
    present = get_peft_model_state_dict(module.model, save_embedding_layers=False)
    assert present.keys() == snapshot.adapter.keys()
    set_peft_model_state_dict(module.model, snapshot.adapter)
    position = snapshot.position
    module.steps_done = position.step
    module.real_tokens = position.real_tokens
    module.target_tokens = position.target_tokens
    module.validated_at = position.validated_at
    module.validation_loss = position.validation_loss
    module.loss_before = position.loss_before
    module.best_step = position.best_step
    module.best_loss = position.best_loss
    module.validations_since_best = position.validations_since_best


def restore_progress(trainer: Trainer, step: int) -> None:
    """Lightning's own counters: the step it gives to loggers and at which it validates."""
    loop = trainer.fit_loop.epoch_loop
    loop._batches_that_stepped = step
    loop.manual_optimization.optim_step_progress.total.ready = step
    loop.manual_optimization.optim_step_progress.total.completed = step
    total = loop.batch_progress.total
    total.ready = total.completed = step


def restore_optimizer(trainer: Trainer, snapshot: Snapshot) -> None:
    """Optimizer, schedule and gradient scaler, which Lightning has built by now."""
    state = _put_tensors(snapshot.settings, snapshot.optimizer)
    assert isinstance(state, dict)
    optimizer = state["optimizer"]
    optimizer["state"] = {int(index): values for index, values in optimizer["state"].items()}
    trainer.optimizers[0].load_state_dict(optimizer)
    trainer.lr_scheduler_configs[0].scheduler.load_state_dict(state["schedule"])
    if scaler := _scaler(trainer):
        scaler.load_state_dict(state["scaler"])


def _scaler(trainer: Trainer) -> torch.amp.GradScaler | None:
    plugin = trainer.precision_plugin
    return plugin.scaler if isinstance(plugin, MixedPrecision) else None


def _copied(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}


def _take_tensors(value: object, path: str, tensors: dict[str, Tensor]) -> Json:
    """`value` as JSON, its tensors moved to `tensors` under their path."""
    if isinstance(value, Tensor):
        tensors[path] = value
        return {"tensor": path}
    if isinstance(value, dict):
        return {str(key): _take_tensors(inner, f"{path}/{key}", tensors) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_take_tensors(inner, f"{path}/{i}", tensors) for i, inner in enumerate(value)]
    assert value is None or isinstance(value, bool | int | float | str), f"{path} can't be kept"
    return value


def _put_tensors(value: object, tensors: Mapping[str, Tensor]) -> object:
    """What `_take_tensors` was given, with lists for tuples and text for keys."""
    if isinstance(value, dict):
        if value.keys() == {"tensor"}:
            return tensors[value["tensor"]]
        return {key: _put_tensors(inner, tensors) for key, inner in value.items()}
    if isinstance(value, list):
        return [_put_tensors(inner, tensors) for inner in value]
    return value
