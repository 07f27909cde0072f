"""Attention over a packed pass without a flash kernel: tiles of the row, many in one pair of products with a softmax.

Dialogues of about a length are padded to tiles of one shape, several short ones side by side in a tile; a long one is
cut into tiles of queries whose keys go no further than the last of them. A mask keeps dialogues apart. That is exact,
and on CPU, for dialogues of some hundred tokens, faster than a fused kernel.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby, repeat
from typing import NamedTuple, Protocol, Self, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from medgenius.data.steps import Layout
from medgenius.model.kernels import masked_softmax, masked_softmax_backward

_SIZES = (64, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512)
"""Rows of a tile, few different ones: oneDNN prepares code for each new shape. A longer dialogue is cut into tiles of
`_LONG` queries."""
_LONG = 256
_VECTOR = 16
"""Keys of a tile are padded to a multiple of this: what is left over would be computed one by one."""


@dataclass(frozen=True, slots=True)
class Tiles:
    """n tiles of L queries and S keys each, over neighbouring rows of the pass."""

    queries: slice
    """The rows that are queries"""
    prefix: int
    """Rows from the start of the pass that are keys in every tile: the shared prefix"""
    keys: slice
    """The rows that are keys behind those; the same as `queries` unless n = 1"""
    slots: Tensor | None
    """(n L,): which of the rows stands where, the first of them as padding; None where row i stands at i"""
    places: Tensor | None
    """(rows,): where in the flat (n L) each row stands"""
    padding: Tensor | None
    """Where in it none does"""
    mask: Tensor
    """(n, L, S) in the dtype of the computation: zero where a query may attend, minus infinity elsewhere"""

    def on(self, device: torch.device) -> Self:
        slots, places, padding = (x if x is None else x.to(device) for x in (self.slots, self.places, self.padding))
        return replace(self, slots=slots, places=places, padding=padding, mask=self.mask.to(device))

    def queries_of(self, x: Tensor, kv_heads: int) -> Tensor:
        """(T, h, d) -> (n kv, g L, d): the g = h / kv heads that share a key are rows of one matrix."""
        return self._by_head(self._filled(x[self.queries]), kv_heads)

    def gradients_of(self, x: Tensor, kv_heads: int) -> Tensor:
        """As `queries_of`, with padding at zero, so that no key has a gradient from it."""
        tiles = self._filled(x[self.queries])
        if self.padding is not None:
            tiles.flatten(0, 1).index_fill_(0, self.padding, 0)
        return self._by_head(tiles, kv_heads)

    def keys_of(self, x: Tensor) -> Tensor:
        """(T, kv, d) -> (n kv, S, d)."""
        tiles = self._filled(x[self.keys])
        if self.prefix:
            tiles = torch.cat((x[: self.prefix].expand(len(tiles), -1, -1, -1), tiles), 1)
        return tiles.transpose(1, 2).flatten(0, 1)

    def put_queries(self, tiles: Tensor, into: Tensor) -> None:
        """(n kv, g L, d) into its rows of (T, h, d)."""
        n, length, _ = self.mask.shape
        into[self.queries] = self._rows(tiles.view(n, -1, length, tiles.shape[-1]).transpose(1, 2))

    def add_keys(self, tiles: Tensor, into: Tensor) -> None:
        """(n kv, S, d) added to its rows of (T, kv, d)."""
        tiles = tiles.unflatten(0, (len(self.mask), -1)).transpose(1, 2)  # (n, S, kv, d)
        if self.prefix:
            into[: self.prefix] += tiles[:, : self.prefix].sum(0, dtype=into.dtype)
        into[self.keys] += self._rows(tiles[:, self.prefix :])

    def _filled(self, rows: Tensor) -> Tensor:
        """(rows, heads, d) -> (n, L, heads, d)."""
        if self.slots is None:
            return rows[None]
        return rows.index_select(0, self.slots).view(len(self.mask), -1, *rows.shape[1:])

    def _rows(self, tiles: Tensor) -> Tensor:
        """(n, L, heads, d) -> (rows, heads, d)."""
        return tiles[0] if self.places is None else tiles.flatten(0, 1).index_select(0, self.places)

    @staticmethod
    def _by_head(tiles: Tensor, kv_heads: int) -> Tensor:
        by_head: Tensor = tiles.transpose(1, 2).reshape(len(tiles) * kv_heads, -1, tiles.shape[-1])
        return by_head


def tiled_attention(query: Tensor, key: Tensor, value: Tensor, layout: Layout, scale: float) -> Tensor:
    """query: (T, h, d), key and value: (T, kv, d) -> (T, h, d)."""
    return cast("Tensor", _TiledAttention.apply(query, key, value, layout, scale))  # type: ignore[no-untyped-call]


@lru_cache(maxsize=4)
def tiles_of(layout: Layout, dtype: torch.dtype, device: torch.device) -> tuple[Tiles, ...]:
    """All layers of a pass ask for the same."""
    pieces = list(_pieces(0, 0, [_Dialogue(layout.prefix)], dtype)) if layout.prefix else []
    start = layout.prefix
    dialogues = map(_Dialogue, layout.lengths, layout.branches or repeat(()))
    for _, neighbours in groupby(dialogues, lambda dialogue: _size(dialogue.length)):
        of_a_size = list(neighbours)
        pieces += _pieces(start, layout.prefix, of_a_size, dtype)
        start += sum(dialogue.length for dialogue in of_a_size)
    return tuple(piece.on(device) for piece in pieces)


class _Dialogue(NamedTuple):
    length: int
    branches: tuple[int, ...] = ()
    """As in `Layout`"""

    def branch(self) -> Tensor:
        """(length,): which branch each row belongs to, counted from 1; 0 before them."""
        counts = (self.length - sum(self.branches), *self.branches)
        return torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))


def _size(length: int) -> int | None:
    return next((size for size in _SIZES if length <= size), None)


def _pieces(start: int, prefix: int, dialogues: Sequence[_Dialogue], dtype: torch.dtype) -> Iterator[Tiles]:
    """Of dialogues of one size, whose rows begin at `start`."""
    size = _size(dialogues[0].length)
    if size is not None:
        yield _side_by_side(start, prefix, dialogues, size, dtype)
        return
    for dialogue in dialogues:
        length, branch = dialogue.length, dialogue.branch()[None]
        for first in range(0, length, _LONG):
            last = min(first + _LONG, length)
            mask = _mask(prefix, torch.zeros(1, last), branch[:, :last], dtype)[:, first:]
            yield Tiles(slice(start + first, start + last), prefix, slice(start, start + last), None, None, None, mask)
        start += length


def _side_by_side(start: int, prefix: int, dialogues: Sequence[_Dialogue], size: int, dtype: torch.dtype) -> Tiles:
    tiles: list[list[int]] = []
    for length, _ in dialogues:
        if tiles and sum(tiles[-1]) + length <= size:
            tiles[-1].append(length)
        else:
            tiles.append([length])
    sizes = torch.tensor([sum(tile) for tile in tiles])
    slot = torch.arange(-(-(prefix + size) // _VECTOR) * _VECTOR - prefix)
    slots = (sizes.cumsum(0) - sizes)[:, None] + slot  # (n, L)
    filled = slot < sizes[:, None]
    number = torch.full(slots.shape, -1)  # padding is a dialogue of its own, so that no query is without a key
    number[filled] = torch.arange(len(dialogues)).repeat_interleave(torch.tensor([d.length for d in dialogues]))
    branch = torch.zeros_like(number)
    branch[filled] = torch.cat([dialogue.branch() for dialogue in dialogues])
    rows = slice(start, start + int(sizes.sum()))
    mask = _mask(prefix, number, branch, dtype)
    filled = filled.flatten()
    places, padding = filled.nonzero()[:, 0], (~filled).nonzero()[:, 0]
    return Tiles(rows, prefix, rows, slots.flatten().where(filled, 0), places, padding, mask)


def _mask(prefix: int, dialogue: Tensor, branch: Tensor, dtype: torch.dtype) -> Tensor:
    """(n, L, prefix + L) for tiles whose rows belong to `dialogue` and there to `branch`: (n, L) each."""
    attends = (dialogue[:, :, None] == dialogue[:, None]).tril()
    attends &= (branch[:, None] == 0) | (branch[:, :, None] == branch[:, None])
    mask = torch.zeros(*dialogue.shape, prefix + dialogue.shape[1], dtype=dtype)
    mask[:, :, prefix:].masked_fill_(~attends, float("-inf"))
    return mask


class _Context(Protocol):
    saved_tensors: tuple[Tensor, ...]
    layout: Layout
    scale: float

    def save_for_backward(self, *tensors: Tensor) -> None: ...


class _TiledAttention(torch.autograd.Function):
    @staticmethod
    def forward(  # noqa: PLR0913, PLR0917  autograd passes positions
        ctx: _Context, query: Tensor, key: Tensor, value: Tensor, layout: Layout, scale: float
    ) -> Tensor:
        out = torch.empty_like(query)
        kept: list[Tensor] = []
        for tiles in tiles_of(layout, query.dtype, query.device):
            scores = torch.bmm(tiles.queries_of(query, key.shape[1]), tiles.keys_of(key).transpose(1, 2))
            weights = masked_softmax(scores, tiles.mask, scale)  # (n kv, g L, S)
            tiles.put_queries(torch.bmm(weights, tiles.keys_of(value)), out)
            kept.append(weights)
        ctx.save_for_backward(query, key, value, *kept)
        ctx.layout, ctx.scale = layout, scale
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: _Context, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        query, key, value, *kept = ctx.saved_tensors
        grad_query = torch.empty_like(query)
        # The prefix and long dialogues gather from several tiles: summed in fp32.
        grad_key, grad_value = (torch.zeros(key.shape, dtype=torch.float32, device=key.device) for _ in range(2))
        for tiles, weights in zip(tiles_of(ctx.layout, query.dtype, query.device), kept, strict=True):
            g = tiles.gradients_of(grad, key.shape[1])
            tiles.add_keys(torch.bmm(weights.transpose(1, 2), g), grad_value)
            grad_weights = torch.bmm(g, tiles.keys_of(value).transpose(1, 2))
            grad_scores = masked_softmax_backward(grad_weights, weights, ctx.scale)
            tiles.put_queries(torch.bmm(grad_scores, tiles.keys_of(key)), grad_query)
            tiles.add_keys(torch.bmm(grad_scores.transpose(1, 2), tiles.queries_of(query, key.shape[1])), grad_key)
        return grad_query, grad_key.to(key.dtype), grad_value.to(key.dtype), None, None
