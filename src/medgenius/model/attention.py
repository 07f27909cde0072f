"""Attention over a packed pass: causal within each dialogue, never across, with one copy of the prefix they share.

Registered with transformers under `NAME`, so that the model's code stays Hugging Face's own.
"""

from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from medgenius.data.steps import Layout
from medgenius.model import variable_length
from medgenius.model.tiles import tiled_attention

NAME = "medgenius_packed"


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
    return attend_packed(query, key, value, layout, query.shape[-1] ** -0.5 if scaling is None else scaling), None


def attend_packed(query: Tensor, key: Tensor, value: Tensor, layout: Layout, scale: float) -> Tensor:
    """As `packed_attention`, its first result."""
    # No flash kernel knows branches.
    if not layout.branches and (kernel := variable_length.kernel_for(query)) is not None:
        return variable_length.attend(query, key, value, layout, scale, kernel)
    q, k, v = (x[0].transpose(0, 1) for x in (query, key, value))  # (T, heads, head_dim)
    return tiled_attention(q, k, v, layout, scale)[None]


AttentionInterface.register(NAME, packed_attention)
