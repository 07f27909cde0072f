"""A frozen linear layer with its low-rank update: PEFT's parameters, names and files, another way to compute them.

PEFT computes the update in fp32 on CPU, draws one random number per input element for dropout, and lets autograd keep
what can be had again; bitsandbytes unpacks the 4-bit weight at each use. On two cores that is several times the work of
the matrix products themselves. Here the update runs in the model's own dtype, and forward and backward are written out.
"""

from dataclasses import dataclass
from typing import Protocol, Self, cast

import torch
from peft.tuners.lora.bnb import Linear4bit
from peft.tuners.lora.layer import Linear, LoraLayer
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

from medgenius.model.dropout import draw_dropped, without, without_
from medgenius.model.unpacking import has_copy, weight_of


@dataclass(frozen=True, slots=True)
class LowRank:
    """A frozen linear layer and the one adapter on it."""

    frozen: nn.Module
    a: Tensor
    """(r, in)"""
    b: Tensor
    """(out, r)"""
    scaling: float
    """alpha / r; while dropout drops, divided by the share that stays as well, so that the mean stays"""
    dropout: float
    """Probability of each input element to be left out of the update; 0 in evaluation"""

    @classmethod
    def of(cls, layer: LoraLayer) -> Self:
        (name,) = layer.active_adapters
        a, b = (linears[name].get_parameter("weight") for linears in (layer.lora_A, layer.lora_B))
        rule = layer.lora_dropout[name]  # PEFT puts an Identity where there is no dropout
        dropout = rule.p if isinstance(rule, nn.Dropout) and rule.training else 0.0
        return cls(layer.get_base_layer(), a, b, layer.scaling[name] / (1 - dropout), dropout)

    def add_to(self, y: Tensor, low: Tensor) -> Tensor:
        """The update into y: (T, out), from low = x A^T: (T, r), in place."""
        return y.addmm_(low, self.b.to(y.dtype).T, alpha=self.scaling)

    def backward(self, grad: Tensor, low: Tensor) -> tuple[Tensor, Tensor]:
        """From the gradient of y: those of low and of B."""
        grad_low = (grad @ self.b.to(grad.dtype)).mul_(self.scaling)
        return grad_low, (grad.T @ low).to(self.b.dtype).mul_(self.scaling)


class _Context(Protocol):
    saved_tensors: tuple[Tensor, ...]
    layer: LowRank
    dropped: Tensor | None
    needs_input_grad: tuple[bool, ...]

    def save_for_backward(self, *tensors: Tensor) -> None: ...


class _Project(torch.autograd.Function):
    """y = x W^T + scaling * dropout(x) A^T B^T over rows x: (T, in) -> (T, out), with W frozen."""

    @staticmethod
    def forward(ctx: _Context, x: Tensor, layer: LowRank, a: Tensor, _b: Tensor) -> Tensor:
        ctx.layer, ctx.dropped = layer, draw_dropped(x, layer.dropout)
        low = linear(without(x, ctx.dropped), a.to(x.dtype))  # (T, r)
        ctx.save_for_backward(x, low)
        return layer.add_to(linear(x, weight_of(layer.frozen, x.dtype)), low)

    @staticmethod
    @once_differentiable
    def backward(ctx: _Context, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, low = ctx.saved_tensors
        layer = ctx.layer
        grad_low, grad_b = layer.backward(grad, low)
        grad_a = (grad_low.T @ without(x, ctx.dropped)).to(layer.a.dtype)
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_x = without_(grad_low @ layer.a.to(x.dtype), ctx.dropped)
            grad_x.addmm_(grad, weight_of(layer.frozen, x.dtype))
        return grad_x, None, grad_a, grad_b


def adapted(layer: nn.Module) -> LowRank | None:
    """The frozen layer and its adapter; None where there is no adapter, or none at work."""
    if isinstance(layer, Projection | Projection4bit) and not layer.disable_adapters and not layer.merged:
        return LowRank.of(layer)
    return None


def _project(low_rank: LowRank, x: Tensor) -> Tensor:
    """On x: (..., in)."""
    rows = x.flatten(0, -2)
    if torch.is_grad_enabled():
        y = _Project.apply(rows, low_rank, low_rank.a, low_rank.b)  # type: ignore[no-untyped-call]
    else:
        y = _plain(low_rank.frozen, rows)
        low_rank.add_to(y, linear(rows, low_rank.a.to(x.dtype)))
    return cast("Tensor", y).view(*x.shape[:-1], -1)


def _plain(frozen: nn.Module, x: Tensor) -> Tensor:
    """Without the update."""
    return linear(x, weight_of(frozen, x.dtype)) if has_copy(frozen) else cast("Tensor", frozen(x))


class Projection4bit(Linear4bit):
    """Over bitsandbytes' 4-bit layer."""

    def forward(self, x: Tensor) -> Tensor:
        if self.merged:  # PEFT writes the update into the 4-bit weight, and a copy would not know of it
            return super().forward(x)
        return _project(low_rank, x) if (low_rank := adapted(self)) else _plain(self.get_base_layer(), x)


class Projection(Linear):
    """Over a layer in full precision."""

    def forward(self, x: Tensor) -> Tensor:
        return _project(low_rank, x) if (low_rank := adapted(self)) else super().forward(x)
