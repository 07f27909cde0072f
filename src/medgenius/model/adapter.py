"""The trained part: a PEFT LoRA adapter on the frozen model."""

from pathlib import Path
from typing import cast

import peft
import torch
from bitsandbytes.nn.modules import Linear4bit
from peft import PeftModel, get_peft_model
from transformers import LlamaForCausalLM

from medgenius.config.lora import LoraConfig
from medgenius.model.layers import replace_modules
from medgenius.model.projection import Projection, Projection4bit


def add_adapter(model: LlamaForCausalLM, config: LoraConfig, seed: int) -> PeftModel:
    """A fresh adapter: A drawn from the seed, B zero, both fp32, so that the model's answers do not change yet."""
    settings = peft.LoraConfig(
        task_type="CAUSAL_LM",
        r=config.r,
        lora_alpha=config.alpha,
        lora_dropout=config.dropout,
        target_modules=list(config.target_modules),
        bias=config.bias,
    )
    settings._register_custom_module({Linear4bit: Projection4bit, torch.nn.Linear: Projection})
    torch.manual_seed(seed)
    adapted = cast("PeftModel", get_peft_model(model, settings, autocast_adapter_dtype=True))
    replace_modules(model)
    return adapted


def save_adapter(model: PeftModel, folder: Path, base: str, revision: str | None) -> None:
    """Write adapter_model.safetensors and adapter_config.json as plain PEFT reads them.

    Args:
        base: what `base_model_name_or_path` says: a repository of the hub, or the model's name.
        revision: of the repository
    """
    settings = model.peft_config["default"]
    settings.base_model_name_or_path, settings.revision = base, revision
    model.save_pretrained(str(folder), safe_serialization=True, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)  # PEFT's empty card; a real one is publishing's work


def backbone_of(model: PeftModel) -> LlamaForCausalLM:
    """The LLaMA inside, its linear layers wrapped by the adapter's."""
    backbone = model.get_base_model()
    assert isinstance(backbone, LlamaForCausalLM)
    return backbone


def trainable_parameters(model: PeftModel) -> int:
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
