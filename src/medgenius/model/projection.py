"""A frozen linear layer with its low-rank update: PEFT's parameters, names and files, another way to compute them.

PEFT computes the update in fp32 on CPU, draws one random number per input element for dropout, and lets autograd keep
what can be had again; bitsandbytes unpacks the 4-bit weight at each use. On two cores that is several times the work of
the matrix products themselves. Here the update runs in the model's own dtype, and forward and backward are written out.
"""

from typing import Protocol, cast

import torch
from peft.tuners.lora.bnb import Linear4bit
from peft.tuners.lora.layer import Linear, LoraLayer
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

from medgenius.model.dropout import draw_dropped, zero_
from medgenius.model.unpacking import has_copy, weight_of


class _Context(Protocol):
    saved_tensors: tuple[Tensor, ...]
    frozen: nn.Module
    scaling: float
    dropped: Tensor | None
    needs_input_grad: tuple[bool, ...]

    def save_for_backward(self, *tensors: Tensor) -> None: ...


class _Project(torch.autograd.Function):
    """y = x W^T + scaling * dropout(x) A^T B^T over rows x: (T, in) -> (T, out), with W frozen."""

    @staticmethod
    def forward(  # noqa: PLR0913, PLR0917  autograd passes positions
        ctx: _Context, x: Tensor, a: Tensor, b: Tensor, frozen: nn.Module, scaling: float, dropped: Tensor | None
    ) -> Tensor:
        low = linear(_without(x, dropped), a.to(x.dtype))  # (T, r)
        y = linear(x, weight_of(frozen, x.dtype))
        ctx.save_for_backward(x, low, a, b)
        ctx.frozen, ctx.scaling, ctx.dropped = frozen, scaling, dropped
        return y.addmm_(low, b.to(x.dtype).T, alpha=scaling)

    @staticmethod
    @once_differentiable
    def backward(ctx: _Context, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, low, a, b = ctx.saved_tensors
        grad_low = (grad @ b.to(x.dtype)).mul_(ctx.scaling)  # (T, r)
        grad_b = (grad.T @ low).to(b.dtype).mul_(ctx.scaling)
        grad_a = (grad_low.T @ _without(x, ctx.dropped)).to(a.dtype)
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_x = grad_low @ a.to(x.dtype)
            if ctx.dropped is not None:
                zero_(grad_x, ctx.dropped)
            grad_x.addmm_(grad, weight_of(ctx.frozen, x.dtype))
        return grad_x, grad_a, grad_b, None, None, None


def _without(x: Tensor, dropped: Tensor | None) -> Tensor:
    return x if dropped is None else zero_(x.clone(memory_format=torch.contiguous_format), dropped)


def _project(layer: LoraLayer, x: Tensor) -> Tensor:
    """With the layer's one adapter; dropout's scale 1 / (1 - p) goes into the update's own."""
    (name,) = layer.active_adapters
    frozen = layer.get_base_layer()
    a, b = (linears[name].get_parameter("weight") for linears in (layer.lora_A, layer.lora_B))
    if not torch.is_grad_enabled():
        y = linear(x, weight_of(frozen, x.dtype)) if has_copy(frozen) else frozen(x)
        y.flatten(0, -2).addmm_(linear(x, a.to(x.dtype)).flatten(0, -2), b.to(x.dtype).T, alpha=layer.scaling[name])
        return cast("Tensor", y)
    rule = layer.lora_dropout[name]  # PEFT puts an Identity where there is no dropout
    probability = rule.p if isinstance(rule, nn.Dropout) and rule.training else 0.0
    rows = x.flatten(0, -2)
    dropped = draw_dropped(rows.numel(), probability, x.device) if probability else None
    y = _Project.apply(rows, a, b, frozen, layer.scaling[name] / (1 - probability), dropped)  # type: ignore[no-untyped-call]
    return cast("Tensor", y).view(*x.shape[:-1], -1)


class Projection4bit(Linear4bit):
    """Over bitsandbytes' 4-bit layer."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if self.disable_adapters or self.merged else _project(self, x)


class Projection(Linear):
    """Over a layer in full precision."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if self.disable_adapters or self.merged else _project(self, x)
