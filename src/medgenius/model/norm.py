"""RMSNorm with a frozen weight: transformers' arithmetic, with one tensor kept instead of three."""

from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from transformers.models.llama.modeling_llama import LlamaRMSNorm


class _Context(Protocol):
    saved_tensors: tuple[Tensor, ...]

    def save_for_backward(self, *tensors: Tensor) -> None: ...


class _Normalize(torch.autograd.Function):
    """y = w * x / sqrt(mean(x^2) + eps) along the last dimension, in fp32 inside (RMSNorm, arXiv:1910.07467)."""

    @staticmethod
    def forward(ctx: _Context, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        wide = x.float()
        inverse = torch.linalg.vector_norm(wide, dim=-1, keepdim=True).square_().div_(x.shape[-1]).add_(eps).rsqrt_()
        ctx.save_for_backward(x, weight, inverse)
        normed: Tensor = wide * inverse
        return normed.to(x.dtype).mul_(weight)

    @staticmethod
    @once_differentiable
    def backward(ctx: _Context, grad: Tensor) -> tuple[Tensor, None, None]:
        x, weight, inverse = ctx.saved_tensors
        normed = x * inverse  # fp32
        weighted = (grad * weight).float()
        along = torch.linalg.vecdot(weighted, normed).unsqueeze(-1).div_(x.shape[-1])
        return weighted.sub_(normed.mul_(along)).mul_(inverse).to(x.dtype), None, None


class FrozenRmsNorm(nn.Module):
    """In place of transformers' module, with its parameter under the same name."""

    def __init__(self, plain: LlamaRMSNorm) -> None:
        super().__init__()
        self.weight = plain.weight
        self.eps = plain.variance_epsilon

    def forward(self, x: Tensor) -> Tensor:
        return cast("Tensor", _Normalize.apply(x, self.weight, self.eps))  # type: ignore[no-untyped-call]


def freeze_norms(model: nn.Module) -> None:
    """Put `FrozenRmsNorm` in the place of every norm."""
    for name, module in list(model.named_modules()):
        if isinstance(module, LlamaRMSNorm):
            model.set_submodule(name, FrozenRmsNorm(module))
