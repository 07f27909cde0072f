"""The gated MLP of a LLaMA layer with its three adapters, forward and backward written out.

Of down(silu(gate(x)) * up(x)) autograd would keep five tensors as wide as the MLP; here gate(x) and up(x) are kept, and
the rest is made again. Gate and up read the same x: they share its dropout, and one product with both their A.
"""

from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear, silu
from transformers.models.llama.modeling_llama import LlamaMLP

from medgenius.model.dropout import draw_dropped, without, without_
from medgenius.model.projection import LowRank, adapted
from medgenius.model.unpacking import weight_of


class _Context(Protocol):
    saved_tensors: tuple[Tensor, ...]
    gate: LowRank
    up: LowRank
    down: LowRank
    dropped_x: Tensor | None
    dropped_inner: Tensor | None
    needs_input_grad: tuple[bool, ...]

    def save_for_backward(self, *tensors: Tensor) -> None: ...


class _GatedMlp(torch.autograd.Function):
    """Rows x: (T, hidden) -> (T, hidden). The adapters' A and B follow as inputs: they are what has a gradient."""

    @staticmethod
    def forward(ctx: _Context, x: Tensor, gate: LowRank, up: LowRank, down: LowRank, *_trained: Tensor) -> Tensor:
        dtype = x.dtype
        ctx.gate, ctx.up, ctx.down = gate, up, down
        ctx.dropped_x = draw_dropped(x, gate.dropout)
        low = linear(without(x, ctx.dropped_x), torch.cat((gate.a, up.a)).to(dtype))  # (T, 2 r)
        low_gate, low_up = low.chunk(2, 1)
        gated = gate.add_to(linear(x, weight_of(gate.frozen, dtype)), low_gate)
        upped = up.add_to(linear(x, weight_of(up.frozen, dtype)), low_up)
        inner = silu(gated).mul_(upped)  # (T, intermediate)
        y = linear(inner, weight_of(down.frozen, dtype))
        ctx.dropped_inner = draw_dropped(inner, down.dropout)
        low_down = linear(without_(inner, ctx.dropped_inner), down.a.to(dtype))
        ctx.save_for_backward(x, low, gated, upped, low_down)
        return down.add_to(y, low_down)

    @staticmethod
    @once_differentiable
    def backward(ctx: _Context, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, low, gated, upped, low_down = ctx.saved_tensors
        gate, up, down = ctx.gate, ctx.up, ctx.down
        dtype = x.dtype
        grad_low_down, grad_down_b = down.backward(grad, low_down)
        grad_inner = without_(grad_low_down @ down.a.to(dtype), ctx.dropped_inner)
        grad_inner.addmm_(grad, weight_of(down.frozen, dtype))
        activated = silu(gated)
        inner = without_(activated * upped, ctx.dropped_inner)
        grad_down_a = (grad_low_down.T @ inner).to(down.a.dtype)
        grad_up = activated.mul_(grad_inner)
        grad_gate = torch.ops.aten.silu_backward(grad_inner.mul_(upped), gated)
        low_gate, low_up = low.chunk(2, 1)
        grad_low_gate, grad_gate_b = gate.backward(grad_gate, low_gate)
        grad_low_up, grad_up_b = up.backward(grad_up, low_up)
        grad_low = torch.cat((grad_low_gate, grad_low_up), 1)
        grad_gate_a, grad_up_a = (grad_low.T @ without(x, ctx.dropped_x)).to(gate.a.dtype).chunk(2)
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_x = without_(grad_low @ torch.cat((gate.a, up.a)).to(dtype), ctx.dropped_x)
            grad_x.addmm_(grad_gate, weight_of(gate.frozen, dtype))
            grad_x.addmm_(grad_up, weight_of(up.frozen, dtype))
        return grad_x, None, None, None, grad_gate_a, grad_gate_b, grad_up_a, grad_up_b, grad_down_a, grad_down_b


class AdaptedMlp(nn.Module):
    """In place of transformers' module: the same parts under the same names."""

    def __init__(self, plain: LlamaMLP) -> None:
        super().__init__()
        self.gate_proj: nn.Module = plain.gate_proj
        self.up_proj: nn.Module = plain.up_proj
        self.down_proj: nn.Module = plain.down_proj

    def forward(self, x: Tensor) -> Tensor:
        gate, up, down = adapted(self.gate_proj), adapted(self.up_proj), adapted(self.down_proj)
        if not (torch.is_grad_enabled() and gate and up and down):
            return cast("Tensor", self.down_proj(silu(self.gate_proj(x)) * self.up_proj(x)))
        y = _GatedMlp.apply(x.flatten(0, -2), gate, up, down, gate.a, gate.b, up.a, up.b, down.a, down.b)  # type: ignore[no-untyped-call]
        return cast("Tensor", y).view(x.shape)


def adapt_mlps(model: nn.Module) -> None:
    """Put `AdaptedMlp` in the place of every layer's MLP."""
    for name, module in list(model.named_modules()):
        if isinstance(module, LlamaMLP) and module.config.hidden_act == "silu":
            model.set_submodule(name, AdaptedMlp(module))
