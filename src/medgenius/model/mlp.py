"""The gated MLP of a LLaMA layer with its three adapters, forward and backward written out.

Of down(silu(gate(x)) * up(x)) autograd would keep five tensors as wide as the MLP; here gate(x) and up(x) are kept, and
the rest is made again.
"""

from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from transformers.models.llama.modeling_llama import LlamaMLP

from medgenius.model.dropout import without_
from medgenius.model.kernels import swiglu, swiglu_backward
from medgenius.model.projection import Projections, adapted, in_turn


class _Context(Protocol):
    saved_tensors: tuple[Tensor, ...]
    gate_up: Projections
    down: Projections
    dropped_x: Tensor | None
    dropped_inner: Tensor | None
    needs_input_grad: tuple[bool, ...]

    def save_for_backward(self, *tensors: Tensor) -> None: ...


class _GatedMlp(torch.autograd.Function):
    """Rows x: (T, hidden) -> (T, hidden). The adapters' A and B follow as inputs: they are what has a gradient."""

    @staticmethod
    def forward(ctx: _Context, x: Tensor, gate_up: Projections, down: Projections, *_trained: Tensor) -> Tensor:
        ctx.gate_up, ctx.down = gate_up, down
        (gate, up), low, ctx.dropped_x = gate_up.forward(x)  # (T, intermediate) each
        (y,), low_down, ctx.dropped_inner = down.forward(swiglu(gate, up), last_use=True)
        ctx.save_for_backward(x, low, gate, up, low_down)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: _Context, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, low, gate, up, low_down = ctx.saved_tensors
        gate_up, down = ctx.gate_up, ctx.down
        grad_low_down, down_b = down.backward_low([grad], low_down)
        grad_inner = down.backward_x([grad], grad_low_down, ctx.dropped_inner)
        grad_gate, grad_up, inner = swiglu_backward(grad_inner, gate, up)
        down_a = down.backward_a(grad_low_down, without_(inner, ctx.dropped_inner), None)
        grads = [grad_gate, grad_up]
        grad_low, gate_up_b = gate_up.backward_low(grads, low)
        gate_up_a = gate_up.backward_a(grad_low, x, ctx.dropped_x)
        grad_x = gate_up.backward_x(grads, grad_low, ctx.dropped_x) if ctx.needs_input_grad[0] else None
        return grad_x, None, None, *in_turn(gate_up_a, gate_up_b), *in_turn(down_a, down_b)


class AdaptedMlp(nn.Module):
    """In place of transformers' module: the same parts under the same names."""

    def __init__(self, plain: LlamaMLP) -> None:
        super().__init__()
        self.gate_proj: nn.Module = plain.gate_proj
        self.up_proj: nn.Module = plain.up_proj
        self.down_proj: nn.Module = plain.down_proj

    def forward(self, x: Tensor) -> Tensor:
        gate_up, down = adapted(self.gate_proj, self.up_proj), adapted(self.down_proj)
        if not (torch.is_grad_enabled() and gate_up and down):
            return cast("Tensor", self.down_proj(swiglu(self.gate_proj(x), self.up_proj(x))))
        y = _GatedMlp.apply(x.flatten(0, -2), gate_up, down, *gate_up.trained, *down.trained)  # type: ignore[no-untyped-call]
        return cast("Tensor", y).view(x.shape)
