"""The one place where the back end is chosen: a model with its adapter, and the loss of a pass under it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import PeftModel
from transformers import LlamaForCausalLM

from medgenius.config.model import ModelConfig
from medgenius.config.train import TrainConfig
from medgenius.errors import ModelError
from medgenius.model.adapter import add_adapter
from medgenius.model.backbone import load_backbone
from medgenius.model.loss import LossSum, target_loss_sum
from medgenius.model.sharding import shard_frozen

LoadBackbone = Callable[[ModelConfig, Path, torch.dtype, torch.device], LlamaForCausalLM]


@dataclass(frozen=True, slots=True)
class Trainable:
    model: PeftModel
    loss_sum: LossSum


def load_trainable(
    config: TrainConfig,
    cache_dir: Path,
    dtype: torch.dtype,
    device: torch.device,
    load: LoadBackbone = load_backbone,
) -> Trainable:
    """The frozen model with a fresh adapter, as `model.backend` and `trainer.strategy` say.

    Args:
        load: where our own back end gets the frozen model that it is alone to change

    Raises:
        ModelError: it cannot be had.
    """
    if config.model.backend == "unsloth":
        from medgenius.model import unsloth  # noqa: PLC0415  optional, and only on CUDA

        model = unsloth.load(config, cache_dir, dtype)
        return Trainable(model, unsloth.target_loss_sum)
    if "unsloth" in sys.modules:
        raise ModelError(
            "model.backend=medgenius: Unsloth has changed transformers in this process; start the run in one of its own"
        )
    if config.trainer.strategy == "fsdp":
        without_copies = config.model.model_copy(update={"cache_dequantized": False})
        whole = load(without_copies, cache_dir, dtype, torch.device("cpu"))  # it may be too large for a GPU
        model = add_adapter(whole, config.lora, config.seed)
        shard_frozen(model, device)
    else:
        model = add_adapter(load(config.model, cache_dir, dtype, device), config.lora, config.seed)
    return Trainable(model, target_loss_sum)
