"""A frozen linear layer with its low-rank update, in the dtype of its input.

PEFT's own layer computes the update in fp32 on CPU and draws one random number per input element for dropout: on two
cores that is more work than the frozen 4-bit matrix multiplication itself. The classes here are PEFT layers, with the
same parameters, names and files; they differ in how the forward pass is computed.
"""

from typing import Protocol, cast

import torch
from peft.tuners.lora.bnb import Linear4bit
from peft.tuners.lora.layer import Linear, LoraLayer
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable
from torch.nn.functional import linear

_LEVELS = 1 << 16
"""Dropout compares 16 random bits per element with its probability, which is thereby kept to 1/65,536."""


class _Saved(Protocol):
    saved_tensors: tuple[Tensor, ...]
    scale: float


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, probability: float) -> Tensor:
        dropped = round(probability * _LEVELS)
        # Four 16-bit numbers from each 64-bit draw: the generator, one thread on CPU, is what dropout waits for.
        draws = torch.randint(-(1 << 63), (1 << 63) - 1, ((x.numel() + 3) // 4,), device=x.device)
        kept = draws.view(torch.int16)[: x.numel()].view(x.shape) >= dropped - _LEVELS // 2
        ctx.save_for_backward(kept)
        scale = _LEVELS / (_LEVELS - dropped)
        cast("_Saved", ctx).scale = scale
        return x * kept * scale

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, None]:
        saved = cast("_Saved", ctx)
        (kept,) = saved.saved_tensors
        return gradient * kept * saved.scale, None


def dropout(x: Tensor, probability: float) -> Tensor:
    """Zero each element with `probability` and scale the others so that the mean stays."""
    return cast("Tensor", _Dropout.apply(x, probability)) if probability else x  # type: ignore[no-untyped-call]


def _project(layer: LoraLayer, x: Tensor) -> Tensor:
    """`base(x) + scaling * dropout(x) @ A.T @ B.T` with the layer's one adapter."""
    (name,) = layer.active_adapters
    rule = layer.lora_dropout[name]  # PEFT puts an Identity where there is no dropout
    probability = rule.p if isinstance(rule, nn.Dropout) and rule.training else 0.0
    a, b = (linears[name].get_parameter("weight").to(x.dtype) for linears in (layer.lora_A, layer.lora_B))
    low = linear(dropout(x, probability), a)  # (..., r)
    base = layer.get_base_layer()(x)  # (..., out)
    return torch.addmm(base.flatten(0, -2), low.flatten(0, -2), b.T, alpha=layer.scaling[name]).view(base.shape)


class Projection4bit(Linear4bit):
    """Over bitsandbytes' 4-bit layer."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if self.disable_adapters or self.merged else _project(self, x)


class Projection(Linear):
    """Over a layer in full precision."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if self.disable_adapters or self.merged else _project(self, x)
