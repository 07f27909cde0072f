"""Attention over a packed pass: causal within each dialogue, never across, with one copy of the prefix they share.

Registered with transformers under `NAME`, so that the model's code stays Hugging Face's own.
"""

from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from medgenius.data.steps import Layout
from medgenius.model import variable_length
from medgenius.model.tiles import tiled_attention

NAME = "medgenius_packed"

_BLOCK = 256
"""Tokens of short dialogues that attend in one call."""


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
    if query.device.type == "cpu":
        q, k, v = (x[0].transpose(0, 1) for x in (query, key, value))  # (T, heads, head_dim)
        return tiled_attention(q, k, v, layout, scale)[None], None
    if (kernel := variable_length.kernel_for(query)) is not None:
        return variable_length.attend(query, key, value, layout, scale, kernel), None
    blocks = _blocks(layout)
    sizes = [sum(block.lengths) for block in blocks]
    queries, keys, values = (list(torch.split(x, sizes, 2)) for x in (query, key, value))
    if layout.prefix:  # the first block; it attends to itself, every dialogue to it and to itself
        keys = [keys[0], *(torch.cat((keys[0], own), 2) for own in keys[1:])]
        values = [values[0], *(torch.cat((values[0], own), 2) for own in values[1:])]
    outputs = [_attend(*parts, scale) for parts in zip(queries, keys, values, blocks, strict=True)]
    return torch.cat(outputs, 1), None


@lru_cache(maxsize=8)
def _blocks(layout: Layout) -> tuple[Layout, ...]:
    """The row as pieces that attend in one call: the prefix, then dialogues, short ones together.

    Within a block a mask keeps them apart, which costs less than a call for each.
    """
    blocks = [Layout(0, (layout.prefix,))] if layout.prefix else []
    together: list[int] = []
    for length in layout.lengths:
        if together and sum(together) + length > _BLOCK:
            blocks.append(Layout(layout.prefix, tuple(together)))
            together = []
        together.append(length)
    return (*blocks, Layout(layout.prefix, tuple(together)))


def _attend(query: Tensor, key: Tensor, value: Tensor, block: Layout, scale: float) -> Tensor:
    """Of a block of L tokens behind a prefix, S together: (1, h, L, d), (1, kv, S, d) -> (1, L, h, d)."""
    if block.prefix or len(block.lengths) > 1:
        mask = _mask(block, query.dtype, query.device)
        out = scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale, enable_gqa=True)
    else:
        out = scaled_dot_product_attention(query, key, value, is_causal=True, scale=scale, enable_gqa=True)
    return out.transpose(1, 2)


@lru_cache(maxsize=64)
def _mask(block: Layout, dtype: torch.dtype, device: torch.device) -> Tensor:
    """(L, S): zero where a token may attend, minus infinity elsewhere. All layers of a pass ask for the same few."""
    mask = torch.full((sum(block.lengths), block.tokens), float("-inf"), dtype=dtype, device=device)
    mask[:, : block.prefix] = 0
    start = 0
    for length in block.lengths:
        own = slice(start, start + length)
        mask[own, block.prefix :][:, own].triu_(1)
        start += length
    return mask


AttentionInterface.register(NAME, packed_attention)
