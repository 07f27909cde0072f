"""Attention over a packed pass in one call of a variable-length flash kernel, on CUDA.

Such a kernel reads sequences laid end to end, with their boundaries, and never builds a matrix of scores. A prefix that
the dialogues share is a sequence of its own, and each dialogue finds a copy of its keys and values before its own: keys
and values are a few hundred bytes per token and layer, so the copies cost little beside computing the prefix again.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from inspect import signature
from typing import Protocol, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from medgenius.data.steps import Layout, moved


@dataclass(frozen=True, slots=True)
class SharedKeys:
    """Where the rows of a pass lie among its keys, S of them, once the prefix stands before every dialogue."""

    prefix: int
    """Rows of the prefix; the first of the pass"""
    rows: Tensor
    """(S,) int64: the row that each key is"""
    copies: Tensor
    """(sequences * prefix,) int64: the keys that are the prefix, copy after copy"""
    own: Tensor
    """(T - prefix,) int64: the key that each row after the prefix is"""


@dataclass(frozen=True, slots=True)
class Sequences:
    """A pass as the kernel reads it: first the prefix, where there is one, then the dialogues."""

    query_starts: Tensor
    """(sequences + 1,) int32: where each begins among the rows, and the end"""
    key_starts: Tensor
    """As `query_starts`, among the keys"""
    longest_query: int
    longest_key: int
    shared: SharedKeys | None
    """None without a prefix: then the keys are the rows"""


Kernel = Callable[[Tensor, Tensor, Tensor, Sequences, float], Tensor]
"""query (T, heads, d), key and value (S, kv_heads, d), the sequences, the scale -> (T, heads, d). The last query of a
sequence sees all of its keys, each one before it one fewer ("bottom right")."""


@lru_cache(maxsize=8)
def sequences_of(layout: Layout, device: torch.device) -> Sequences:
    """Made on the CPU and moved, so that nothing waits for the device. All layers of a pass ask for the same."""
    prefix, count = layout.prefix, len(layout.lengths)
    lengths = (prefix, *layout.lengths) if prefix else layout.lengths
    query_starts = _starts(lengths)
    if not prefix:
        starts = moved(query_starts, device)
        return Sequences(starts, starts, max(lengths), max(lengths), None)
    key_lengths = (prefix, *(prefix + length for length in layout.lengths))
    key_starts = _starts(key_lengths)
    copies = (key_starts[:-1, None] + torch.arange(prefix)).flatten()
    before = torch.arange(1, count + 1) * prefix  # keys of copies that precede a dialogue's own, less the prefix's rows
    own = torch.arange(prefix, layout.tokens) + before.repeat_interleave(torch.tensor(layout.lengths))
    rows = torch.empty(sum(key_lengths), dtype=torch.int64)
    rows[copies] = torch.arange(prefix).repeat(count + 1)
    rows[own] = torch.arange(prefix, layout.tokens)
    shared = SharedKeys(prefix, moved(rows, device), moved(copies, device), moved(own, device))
    return Sequences(moved(query_starts, device), moved(key_starts, device), max(lengths), max(key_lengths), shared)


def _starts(lengths: tuple[int, ...]) -> Tensor:
    starts = torch.zeros(len(lengths) + 1, dtype=torch.int32)
    starts[1:] = torch.tensor(lengths).cumsum(0)
    return starts


def attend(query: Tensor, key: Tensor, value: Tensor, layout: Layout, scale: float, kernel: Kernel) -> Tensor:  # noqa: PLR0913, PLR0917  as the attention interface
    """As `packed_attention`, on query (1, heads, T, d), key and value (1, kv_heads, T, d) -> (1, T, heads, d)."""
    sequences = sequences_of(layout, query.device)
    queries, keys, values = (x[0].transpose(0, 1) for x in (query, key, value))
    if sequences.shared is not None:
        keys, values = (_with_copies(x, sequences.shared) for x in (keys, values))
    return kernel(queries, keys, values, sequences, scale)[None]


class _Context(Protocol):
    shared: SharedKeys


class _WithCopies(torch.autograd.Function):
    """Rows (T, ...) -> keys (S, ...). The prefix's gradient is the sum over its copies.

    The sum is in fp32 and in one order: autograd's own (`index_add_`) adds in the dtype of the keys, in any order.
    """

    @staticmethod
    def forward(ctx: _Context, x: Tensor, shared: SharedKeys) -> Tensor:
        ctx.shared = shared
        return x.index_select(0, shared.rows)

    @staticmethod
    @once_differentiable
    def backward(ctx: _Context, grad: Tensor) -> tuple[Tensor, None]:
        shared = ctx.shared
        copies = grad.index_select(0, shared.copies).unflatten(0, (-1, shared.prefix))
        prefix = copies.sum(0, dtype=torch.float32).to(grad.dtype)
        return torch.cat((prefix, grad.index_select(0, shared.own))), None


def _with_copies(x: Tensor, shared: SharedKeys) -> Tensor:
    return cast("Tensor", _WithCopies.apply(x, shared))  # type: ignore[no-untyped-call]


def kernel_for(query: Tensor) -> Kernel | None:
    """The kernel for queries of this device, dtype and head size; None where there is none.

    Flash attention computes in half precision, on CUDA from compute capability 8.0 (Ampere), up to a head of 256.
    """
    if query.device.type != "cuda" or query.dtype not in {torch.bfloat16, torch.float16}:
        return None
    head = query.shape[-1]
    return _installed_kernel(query.device) if head % 8 == 0 and head <= 256 else None


@cache
def _installed_kernel(device: torch.device) -> Kernel | None:
    """torch's own; that of the package flash-attn where torch was built without."""
    if torch.cuda.get_device_capability(device) < (8, 0):
        return None
    if torch.backends.cuda.is_flash_attention_available() and (kernel := torch_kernel()) is not None:
        return kernel
    return _flash_attn_kernel() if importlib.util.find_spec("flash_attn") else None


def torch_kernel() -> Kernel | None:
    """torch.nn.attention.varlen, of which torch 2.11 to 2.13 differ in a flag; None if this torch has another."""
    try:
        from torch.nn.attention.varlen import varlen_attn  # noqa: PLC0415  there may be none
    except ImportError:
        return None
    known = signature(varlen_attn).parameters
    if not {"scale", "window_size"} <= known.keys():
        return None
    # Before it had the flag, it took any number of key heads that divides that of the queries.
    attention = partial(varlen_attn, enable_gqa=True) if "enable_gqa" in known else varlen_attn

    def kernel(query: Tensor, key: Tensor, value: Tensor, sequences: Sequences, scale: float) -> Tensor:
        out = attention(
            query,
            key,
            value,
            sequences.query_starts,
            sequences.key_starts,
            sequences.longest_query,
            sequences.longest_key,
            scale=scale,
            window_size=(-1, 0),  # all that is before, nothing after
        )
        assert isinstance(out, Tensor)
        return out

    return kernel


def _flash_attn_kernel() -> Kernel:
    from flash_attn import flash_attn_varlen_func  # noqa: PLC0415  optional

    def kernel(query: Tensor, key: Tensor, value: Tensor, sequences: Sequences, scale: float) -> Tensor:
        out = flash_attn_varlen_func(
            query,
            key,
            value,
            cu_seqlens_q=sequences.query_starts,
            cu_seqlens_k=sequences.key_starts,
            max_seqlen_q=sequences.longest_query,
            max_seqlen_k=sequences.longest_key,
            softmax_scale=scale,
            causal=True,
        )
        assert isinstance(out, Tensor)
        return out

    return kernel
