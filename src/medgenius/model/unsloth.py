"""Unsloth in the place of our own forward and backward. Everything around the model stays as it is.

Unsloth changes transformers' classes when it is imported, which `cli` does before anything else imports those.
"""

from pathlib import Path
from typing import TypedDict, cast

import torch
from peft import PeftModel
from torch import Tensor

from medgenius.config.train import TrainConfig
from medgenius.data.steps import IGNORE, Pass
from medgenius.model.adapter import backbone_of
from medgenius.model.backbone import not_to_be_had, quantization_of, weights_of
from medgenius.model.variable_length import sequences_of


def load(config: TrainConfig, cache_dir: Path, dtype: torch.dtype) -> PeftModel:
    """The frozen model with a fresh adapter in fp32, through Unsloth's `FastLanguageModel`.

    Raises:
        ModelError: it cannot be had, or Unsloth refuses it.
    """
    from unsloth import FastLanguageModel  # noqa: PLC0415  asks for a GPU when it is imported

    folder, revision = weights_of(config.model, cache_dir)
    lora = config.lora
    try:
        model, _ = FastLanguageModel.from_pretrained(
            folder,
            max_seq_length=config.data.max_length,
            dtype=dtype,
            load_in_4bit=config.model.quantization != "none",
            load_in_16bit=config.model.quantization == "none",
            quantization_config=quantization_of(config.model, dtype),
            revision=revision,
            use_exact_model_name=True,  # it would load a repository of its own instead
            use_gradient_checkpointing=False,  # trainer.activation_checkpointing decides, for both back ends
            use_safetensors=True,
            trust_remote_code=False,
        )
        adapted = FastLanguageModel.get_peft_model(
            model,
            r=lora.r,
            lora_alpha=lora.alpha,
            lora_dropout=lora.dropout,
            target_modules=list(lora.target_modules),
            bias=lora.bias,
            random_state=config.seed,
            use_gradient_checkpointing=False,
        )
    except (OSError, ValueError, RuntimeError, NotImplementedError) as error:
        raise not_to_be_had(config.model, error) from None
    for parameter in adapted.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return cast("PeftModel", adapted)


class Inputs(TypedDict):
    """A pass as transformers and Unsloth read it: one row of whole dialogues."""

    input_ids: Tensor
    """(1, S) int64; S is T, or more where a prefix was shared"""
    position_ids: Tensor
    """(1, S) int64, from 0 in each dialogue"""
    labels: Tensor
    """(1, S) int64: the token itself where it is a target, else IGNORE; the model shifts them"""
    packed_seq_lengths: Tensor
    """(dialogues,) int32, on the CPU, where Unsloth reads them without waiting"""


def inputs_of(piece: Pass) -> Inputs:
    """Each dialogue whole again: Unsloth's packed attention knows no prefix that several share."""
    layout = piece.layout
    columns: tuple[Tensor, ...] = (piece.input_ids, piece.position_ids, piece.labels)
    if (shared := sequences_of(layout, piece.input_ids.device).shared) is not None:
        rows = shared.rows[layout.prefix :]  # without the prefix as a sequence of its own
        columns = tuple(column.index_select(0, rows) for column in columns)
    input_ids, position_ids, following = columns
    # Where a dialogue ends no label follows, so that none is shifted into the next.
    labels = torch.cat((following.new_full((1,), IGNORE), following[:-1]))
    return Inputs(
        input_ids=input_ids[None],
        position_ids=position_ids[None],
        labels=labels[None],
        packed_seq_lengths=torch.tensor([layout.prefix + length for length in layout.lengths], dtype=torch.int32),
    )


def target_loss_sum(model: PeftModel, piece: Pass) -> Tensor:
    """As `medgenius.model.loss.target_loss_sum`. The model divides its sum by the number of items it is told: one."""
    device, dtype = piece.input_ids.device, backbone_of(model).dtype
    with torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32):
        loss = model(**inputs_of(piece), num_items_in_batch=torch.ones((), device=device), use_cache=False).loss
    return cast("Tensor", loss).float()
