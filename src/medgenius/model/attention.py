"""Attention over a packed pass: causal within each dialogue, never across.

Registered with transformers under `NAME`, so that the model's code stays Hugging Face's own.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

NAME = "medgenius_packed"


def packed_attention(  # noqa: PLR0913, PLR0917  the interface's signature
    module: nn.Module,  # noqa: ARG001
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    lengths: tuple[int, ...] | None = None,
    **_: object,
) -> tuple[Tensor, None]:
    """Attend within each dialogue.

    Args:
        query: (1, heads, T, head_dim)
        key: (1, kv_heads, S, head_dim); S is T, or longer while generating with a cache
        value: as key
        attention_mask: none is needed nor used; padded batches are not for this function
        lengths: tokens of each dialogue, summing to T; None for one dialogue that fills the row

    Returns:
        (1, T, heads, head_dim), and no weights.
    """
    assert query.shape[0] == 1, "a packed pass is one row; padding would be attended to"
    assert attention_mask is None
    if lengths is None:
        causal = query.shape[2] > 1
        attended = scaled_dot_product_attention(query, key, value, is_causal=causal, scale=scaling, enable_gqa=True)
        return attended.transpose(1, 2), None
    pieces = zip(query.split(lengths, 2), key.split(lengths, 2), value.split(lengths, 2), strict=True)
    attended = torch.cat(
        [scaled_dot_product_attention(q, k, v, is_causal=True, scale=scaling, enable_gqa=True) for q, k, v in pieces],
        dim=2,
    )
    return attended.transpose(1, 2), None


AttentionInterface.register(NAME, packed_attention)
