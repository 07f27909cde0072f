"""RMSNorm with a frozen weight: transformers' arithmetic, with one tensor kept instead of three."""

from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from transformers.models.llama.modeling_llama import LlamaRMSNorm

from medgenius.model.kernels import rms_norm, rms_norm_backward


class _Context(Protocol):
    saved_tensors: tuple[Tensor, ...]

    def save_for_backward(self, *tensors: Tensor) -> None: ...


class _Normalize(torch.autograd.Function):
    """Rows x: (..., hidden) -> the same shape."""

    @staticmethod
    def forward(ctx: _Context, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        normed, inverse = rms_norm(x, weight, eps)
        ctx.save_for_backward(x, weight, inverse)
        return normed

    @staticmethod
    @once_differentiable
    def backward(ctx: _Context, grad: Tensor) -> tuple[Tensor, None, None]:
        return rms_norm_backward(grad, *ctx.saved_tensors), None, None


class FrozenRmsNorm(nn.Module):
    """In place of transformers' module, with its parameter under the same name."""

    def __init__(self, plain: LlamaRMSNorm) -> None:
        super().__init__()
        self.weight = plain.weight
        self.eps = plain.variance_epsilon

    def forward(self, x: Tensor) -> Tensor:
        return cast("Tensor", _Normalize.apply(x, self.weight, self.eps))  # type: ignore[no-untyped-call]
