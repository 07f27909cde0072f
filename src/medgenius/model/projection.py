"""Frozen linear layers with their low-rank updates: PEFT's parameters, names and files, another way to compute them.

PEFT computes the update in fp32 on CPU, draws one random number per input element for dropout, and lets autograd keep
what can be had again; bitsandbytes unpacks the 4-bit weight at each use. On two cores that is several times the work of
the matrix products themselves. Here the update runs in the model's own dtype, layers that read the same input share its
dropout and one product with all their A, and forward and backward are written out.
"""

from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True)
class Projections:
    """Layers that read the same x: (T, in). Of each, y = x W^T + scaling * dropout(x) A^T B^T with W frozen."""

    layers: tuple[LowRank, ...]

    @property
    def trained(self) -> list[Tensor]:
        """A and B of each layer, in turn."""
        return [parameter for layer in self.layers for parameter in (layer.a, layer.b)]

    @property
    def a(self) -> Tensor:
        """All A, one below the other: (n r, in)."""
        return torch.cat([layer.a for layer in self.layers])

    def forward(self, x: Tensor, *, last_use: bool = False) -> tuple[list[Tensor], Tensor, Tensor | None]:
        """
        Args:
            last_use: x may be overwritten

        Returns:
            each layer's y; low = dropout(x) A^T: (T, n r); the dropped elements.
        """
        outputs = [linear(x, weight_of(layer.frozen, x.dtype)) for layer in self.layers]
        dropped = draw_dropped(x, self.layers[0].dropout)
        low = linear(without_(x, dropped) if last_use else without(x, dropped), self.a.to(x.dtype))
        for layer, y, part in zip(self.layers, outputs, self._parts(low), strict=True):
            layer.add_to(y, part)
        return outputs, low, dropped

    def backward_low(self, grads: Sequence[Tensor], low: Tensor) -> tuple[Tensor, list[Tensor]]:
        """From the gradient of each y: that of low, and of each B."""
        parts = list(zip(self.layers, grads, self._parts(low), strict=True))
        grad_low = torch.cat([(grad @ layer.b.to(grad.dtype)).mul_(layer.scaling) for layer, grad, _ in parts], 1)
        return grad_low, [(grad.T @ part).to(layer.b.dtype).mul_(layer.scaling) for layer, grad, part in parts]

    def backward_a(self, grad_low: Tensor, x: Tensor, dropped: Tensor | None) -> list[Tensor]:
        """The gradient of each A. `x` is as the update saw it wherever nothing is dropped."""
        grad_a = (grad_low.T @ without(x, dropped)).to(self.layers[0].a.dtype)
        return list(grad_a.split([len(layer.a) for layer in self.layers]))

    def backward_x(self, grads: Sequence[Tensor], grad_low: Tensor, dropped: Tensor | None) -> Tensor:
        grad_x = without_(grad_low @ self.a.to(grad_low.dtype), dropped)
        for layer, grad in zip(self.layers, grads, strict=True):
            grad_x.addmm_(grad, weight_of(layer.frozen, grad.dtype))
        return grad_x

    def _parts(self, low: Tensor) -> tuple[Tensor, ...]:
        parts: tuple[Tensor, ...] = low.split([len(layer.a) for layer in self.layers], 1)
        return parts


def in_turn(grads_a: Sequence[Tensor], grads_b: Sequence[Tensor]) -> list[Tensor]:
    """Gradients in the order of `Projections.trained`."""
    return [grad for pair in zip(grads_a, grads_b, strict=True) for grad in pair]


class _Context(Protocol):
    saved_tensors: tuple[Tensor, ...]
    projections: Projections
    dropped: Tensor | None
    needs_input_grad: tuple[bool, ...]

    def save_for_backward(self, *tensors: Tensor) -> None: ...


class _Project(torch.autograd.Function):
    """Rows x: (T, in) -> (T, out) of each layer. The adapters' A and B follow as inputs: they have a gradient."""

    @staticmethod
    def forward(ctx: _Context, x: Tensor, projections: Projections, *_trained: Tensor) -> tuple[Tensor, ...]:
        outputs, low, ctx.dropped = projections.forward(x)
        ctx.projections = projections
        ctx.save_for_backward(x, low)
        return tuple(outputs)

    @staticmethod
    @once_differentiable
    def backward(ctx: _Context, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, low = ctx.saved_tensors
        projections, dropped = ctx.projections, ctx.dropped
        grad_low, grads_b = projections.backward_low(grads, low)
        grads_a = projections.backward_a(grad_low, x, dropped)
        grad_x = projections.backward_x(grads, grad_low, dropped) if ctx.needs_input_grad[0] else None
        return grad_x, None, *in_turn(grads_a, grads_b)


def adapted(*layers: nn.Module) -> Projections | None:
    """The frozen layers and their adapters; None where one has no adapter, or none at work."""
    found = [layer for layer in layers if isinstance(layer, Projection | Projection4bit)]
    if len(found) < len(layers) or any(layer.disable_adapters or layer.merged for layer in found):
        return None
    return Projections(tuple(LowRank.of(layer) for layer in found))


def project(x: Tensor, *layers: nn.Module) -> list[Tensor]:
    """Every layer's output for x: (..., in), together where all are adapted and trained."""
    projections = adapted(*layers) if torch.is_grad_enabled() else None
    if projections is None:
        return [layer(x) for layer in layers]
    outputs = cast("tuple[Tensor, ...]", _Project.apply(x.flatten(0, -2), projections, *projections.trained))  # type: ignore[no-untyped-call]
    return [y.view(*x.shape[:-1], y.shape[-1]) for y in outputs]


class Projection4bit(Linear4bit):
    """Over bitsandbytes' 4-bit layer."""

    def forward(self, x: Tensor) -> Tensor:
        if self.merged:  # PEFT writes the update into the 4-bit weight, and a copy would not know of it
            return super().forward(x)
        return _forward(self, x)


class Projection(Linear):
    """Over a layer in full precision."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if self.merged else _forward(self, x)


def _forward(layer: Projection4bit | Projection, x: Tensor) -> Tensor:
    projections = adapted(layer)
    if projections and torch.is_grad_enabled():
        return project(x, layer)[0]
    rows, frozen = x.flatten(0, -2), layer.get_base_layer()
    y = linear(rows, weight_of(frozen, x.dtype)) if has_copy(frozen) else cast("Tensor", frozen(rows))
    if projections:
        (low_rank,) = projections.layers
        low_rank.add_to(y, linear(rows, low_rank.a.to(x.dtype)))
    return y.view(*x.shape[:-1], -1)
