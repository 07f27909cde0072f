"""Self-attention of a LLaMA layer: one projection for queries, keys and values, and a rotation of one pass."""

from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from transformers import Cache
from transformers.models.llama.modeling_llama import LlamaAttention

from medgenius.data.steps import Layout
from medgenius.model.attention import packed_attention
from medgenius.model.kernels import rotate
from medgenius.model.projection import project


class _Context(Protocol):
    saved_tensors: tuple[Tensor, ...]

    def save_for_backward(self, *tensors: Tensor) -> None: ...


class _Rotate(torch.autograd.Function):
    """Of x: (T, heads, d)."""

    @staticmethod
    def forward(ctx: _Context, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        ctx.save_for_backward(cos, sin)
        return rotate(x, cos, sin)

    @staticmethod
    @once_differentiable
    def backward(ctx: _Context, grad: Tensor) -> tuple[Tensor, None, None]:
        cos, sin = ctx.saved_tensors
        return rotate(grad, cos, -sin), None, None


class AdaptedAttention(nn.Module):
    """In place of transformers' module: the same parts under the same names."""

    def __init__(self, plain: LlamaAttention) -> None:
        super().__init__()
        self.q_proj: nn.Module = plain.q_proj
        self.k_proj: nn.Module = plain.k_proj
        self.v_proj: nn.Module = plain.v_proj
        self.o_proj: nn.Module = plain.o_proj
        self._head_dim = plain.head_dim
        self._scaling = plain.scaling
        self._layer = plain.layer_idx

    def forward(
        self,
        hidden_states: Tensor,
        position_embeddings: tuple[Tensor, Tensor],
        past_key_values: Cache | None = None,
        layout: Layout | None = None,
        only: Tensor | None = None,
        **_: object,  # what else transformers' layer hands on: masks and positions, which the layout stands for
    ) -> tuple[Tensor, None]:
        """
        Args:
            hidden_states: (1, T, hidden)
            position_embeddings: cos and sin, each (1, T, head_dim)
            past_key_values: keys and values of the tokens before, while generating
            layout: where the dialogues lie in the row; None for one dialogue that fills it
            only: the rows whose output is wanted, (n,) int64; None for all

        Returns:
            (1, T or n, hidden), and no weights.
        """
        q, k, v = (
            y[0].unflatten(-1, (-1, self._head_dim))  # (T, heads, d)
            for y in project(hidden_states, self.q_proj, self.k_proj, self.v_proj)
        )
        cos, sin = position_embeddings
        q, k = (cast("Tensor", _Rotate.apply(x, cos[0], sin[0])) for x in (q, k))  # type: ignore[no-untyped-call]
        query, key, value = (x.transpose(0, 1)[None] for x in (q, k, v))  # (1, heads, T, d)
        if past_key_values is not None:
            key, value = past_key_values.update(key, value, self._layer)
        attended, _none = packed_attention(self, query, key, value, None, self._scaling, layout)
        rows = attended.flatten(2)
        return self.o_proj(rows if only is None else rows[:, only]), None
