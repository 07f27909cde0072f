"""Attention over a packed pass: causal within each dialogue, never across, with one copy of the prefix they share.

Registered with transformers under `NAME`, so that the model's code stays Hugging Face's own.
"""

from functools import lru_cache
from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from medgenius.data.steps import Layout

NAME = "medgenius_packed"

_SHORT = 1024
"""Keys up to which, on CPU, two matrix products and a softmax over the whole square are faster than a fused kernel."""


def packed_attention(  # noqa: PLR0913, PLR0917  the interface's signature
    module: nn.Module,  # noqa: ARG001
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    layout: Layout | None = None,
    **_: object,
) -> tuple[Tensor, None]:
    """Attend within each dialogue.

    Args:
        query: (1, heads, T, head_dim)
        key: (1, kv_heads, S, head_dim); S is T, or longer while generating with a cache
        value: as key
        attention_mask: none is needed nor used; padded batches are not for this function
        layout: where the dialogues lie in the row; None for one dialogue that fills it

    Returns:
        (1, T, heads, head_dim), and no weights.
    """
    assert query.shape[0] == 1, "a packed pass is one row; padding would be attended to"
    assert attention_mask is None
    if layout is None:
        causal = query.shape[2] > 1
        attended = scaled_dot_product_attention(query, key, value, is_causal=causal, scale=scaling, enable_gqa=True)
        return attended.transpose(1, 2), None
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    queries, keys, values = _pieces(query, layout), _pieces(key, layout), _pieces(value, layout)
    if layout.prefix:  # it attends to itself; each dialogue to it and to itself
        keys = [keys[0], *(torch.cat((keys[0], own), 2) for own in keys[1:])]
        values = [values[0], *(torch.cat((values[0], own), 2) for own in values[1:])]
    outputs = [_causal(q, k, v, scale) for q, k, v in zip(queries, keys, values, strict=True)]
    return torch.cat(outputs, 1), None


def _pieces(x: Tensor, layout: Layout) -> list[Tensor]:
    return list(torch.split(x, list(layout.pieces), 2))


def _causal(query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
    """The last of S positions attend to all before them: (1, h, L, d), (1, kv, S, d) -> (1, L, h, d)."""
    new, seen = query.shape[2], key.shape[2]
    if query.device.type == "cpu" and seen <= _SHORT:
        return cast("Tensor", _ShortAttention.apply(query, key, value, scale))  # type: ignore[no-untyped-call]
    if new == seen:
        out = scaled_dot_product_attention(query, key, value, is_causal=True, scale=scale, enable_gqa=True)
    else:
        mask = torch.ones(new, seen, dtype=torch.bool, device=query.device).tril(seen - new)
        out = scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale, enable_gqa=True)
    return out.transpose(1, 2)


class _Context(Protocol):
    saved_tensors: tuple[Tensor, ...]
    scale: float

    def save_for_backward(self, *tensors: Tensor) -> None: ...


class _ShortAttention(torch.autograd.Function):
    """As `_causal`: the heads that share a key in one matrix, the weights made again in the backward."""

    @staticmethod
    def forward(ctx: _Context, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        q, k, v = _grouped(query, key.shape[1]), key[0], value[0]
        weights = _weights(q, k, scale, query.shape[2])
        ctx.save_for_backward(query, key, value)
        ctx.scale = scale
        out = torch.bmm(weights, v)  # (kv, g L, d)
        return out.view(query.shape[1], query.shape[2], -1).transpose(0, 1)[None]

    @staticmethod
    @once_differentiable
    def backward(ctx: _Context, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        query, key, value = ctx.saved_tensors
        kv = key.shape[1]
        q, k, v = _grouped(query, kv), key[0], value[0]
        g = _grouped(grad.transpose(1, 2), kv)
        weights = _weights(q, k, ctx.scale, query.shape[2])
        grad_v = torch.bmm(weights.transpose(1, 2), g)
        grad_weights = torch.bmm(g, v.transpose(1, 2))
        grad_scores = torch._softmax_backward_data(grad_weights, weights, -1, weights.dtype)
        grad_q = torch.bmm(grad_scores, k).mul_(ctx.scale).view(query.shape)
        grad_k = torch.bmm(grad_scores.transpose(1, 2), q).mul_(ctx.scale)
        return grad_q, grad_k[None], grad_v[None], None


def _grouped(x: Tensor, kv_heads: int) -> Tensor:
    """(1, h, L, d) -> (kv, g L, d)."""
    return x.reshape(kv_heads, -1, x.shape[-1])


def _weights(q: Tensor, k: Tensor, scale: float, new: int) -> Tensor:
    """Softmax of the masked scores: (kv, g L, d), (kv, S, d) -> (kv, g L, S)."""
    seen = k.shape[1]
    scores = torch.bmm(q * scale, k.transpose(1, 2))
    scores.view(len(k), -1, new, seen).add_(_causal_mask(new, seen, q.dtype, q.device))
    return scores.softmax(-1)


@lru_cache(maxsize=64)
def _causal_mask(new: int, seen: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """(new, seen): minus infinity where a position lies ahead. The layers of a pass ask for the same few."""
    return torch.full((new, seen), float("-inf"), dtype=dtype, device=device).triu_(seen - new + 1)


AttentionInterface.register(NAME, packed_attention)
