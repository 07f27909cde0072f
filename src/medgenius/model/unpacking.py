"""Copies of 4-bit weights in the dtype of the computation, where memory allows: the same numbers, unpacked once.

Without a copy every use of a weight unpacks it again: once in the forward and once in the backward of each pass.
"""

import os
from contextlib import suppress
from pathlib import Path

import torch
from bitsandbytes.functional import dequantize_4bit
from bitsandbytes.nn.modules import Linear4bit, Params4bit
from torch import Tensor, nn
from transformers import LlamaForCausalLM

from medgenius.config.model import ModelConfig

_COPY = "unpacked_weight"
_SHARE = 1 / 8
"""Of the free memory that the copies may take under `auto`."""


def unpack_weights(model: LlamaForCausalLM, config: ModelConfig, dtype: torch.dtype) -> None:
    """Give every 4-bit layer a copy of its weight in `dtype`, if `model.cache_dequantized` says so."""
    layers = [layer for layer in model.modules() if isinstance(layer, Linear4bit)]
    size = sum(layer.in_features * layer.out_features for layer in layers) * dtype.itemsize
    wanted = config.cache_dequantized
    if wanted == "auto":
        wanted = affordable(size, model.device)
    if wanted:
        for layer in layers:
            layer.register_buffer(_COPY, _unpacked(layer, dtype), persistent=False)


def weight_of(layer: nn.Module, dtype: torch.dtype) -> Tensor:
    """The (out, in) weight of a frozen linear layer: its copy where there is one, else unpacked for this use."""
    if has_copy(layer):
        return layer.get_buffer(_COPY)
    return _unpacked(layer, dtype) if isinstance(layer, Linear4bit) else layer.get_parameter("weight")


def affordable(size: int, device: torch.device) -> bool:
    """Whether copies of so many bytes may be made."""
    return size <= _SHARE * free_memory(device)


def stored(layer: nn.Module) -> Tensor | None:
    """As `weight_of`, where it need not be unpacked."""
    if has_copy(layer):
        return layer.get_buffer(_COPY)
    return None if isinstance(layer, Linear4bit) else layer.get_parameter("weight").data


def store(layer: nn.Module, weight: Tensor) -> None:
    """Put the same numbers in the place of what `stored` gives: a window into another tensor, say."""
    if has_copy(layer):
        layer.register_buffer(_COPY, weight, persistent=False)
    else:
        layer.get_parameter("weight").data = weight


def is_unpacked(model: LlamaForCausalLM) -> bool:
    """Whether 4-bit layers have their copies."""
    return any(has_copy(layer) for layer in model.modules())


def has_copy(layer: nn.Module) -> bool:
    return _COPY in layer._buffers


def _unpacked(layer: Linear4bit, dtype: torch.dtype) -> Tensor:
    weight = layer.weight
    # Gathered from several processes it is a plain tensor, and its scales are the layer's (model/sharding.py).
    scales = weight.quant_state if isinstance(weight, Params4bit) else layer.quant_state
    return dequantize_4bit(weight.data, scales).to(dtype)


def free_memory(device: torch.device) -> int:
    """In bytes; of the machine's memory, what can be had without swapping."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    with suppress(OSError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):  # the cache of files counts as free: a loaded model fills it
                return int(line.split()[1]) * 1024
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
