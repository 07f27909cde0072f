"""What the rows of a pass attend to: `forward.Attend` for a prompt, for running sequences, and for packed passes."""

from collections.abc import Sequence

import torch
from torch import Tensor

from medgenius.data.steps import Layout
from medgenius.inference.cache import PromptCache, Shelf, rounded
from medgenius.model.attention import attend_packed
from medgenius.model.kernels import masked_softmax

_TILE = 256
"""Queries of a prompt that attend at once, so that scores stay few."""


class AttendPrompt:
    """Rows of one sequence, from position `start` on: each sees all that is before it, and itself."""

    def __init__(self, cache: PromptCache, start: int, rows: int) -> None:
        self._cache = cache
        self._rows = slice(start, start + rows)
        self._tiles = []
        for first in range(0, rows, _TILE):
            last = min(first + _TILE, rows)
            mask = _mask(torch.arange(start + first, start + last), start + last, cache.keys[0])
            self._tiles.append((slice(first, last), mask[None]))

    def __call__(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        keys, values = self._cache.keys[layer], self._cache.values[layer]
        keys[:, self._rows] = key.transpose(0, 1)
        values[:, self._rows] = value.transpose(0, 1)
        attended = []
        for rows, mask in self._tiles:
            by_head = query[rows].unflatten(1, (len(keys), -1)).permute(1, 2, 0, 3)  # (kv, g, L, d)
            out = _attend(by_head.flatten(1, 2), keys, values, mask).view(by_head.shape)
            attended.append(out.permute(2, 0, 1, 3).flatten(1))
        return torch.cat(attended)


class AttendShelf:
    """One row of each sequence on a shelf, in the shelf's order."""

    def __init__(self, shelf: Shelf, positions: Sequence[int]) -> None:
        """
        Args:
            positions: of each row's token: the one behind those that are cached
        """
        self._shelf = shelf
        like = shelf.keys[0]
        self._positions = torch.tensor(positions, device=like.device)
        self._rows = torch.arange(len(positions), device=like.device)
        self._mask = _mask(torch.tensor(positions), max(positions) + 1, like)[:, None]

    def __call__(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        keys, values = self._shelf.keys[layer], self._shelf.values[layer]
        keys[self._rows, :, self._positions] = key
        values[self._rows, :, self._positions] = value
        count = len(query)
        by_head = query.unflatten(1, (key.shape[1], -1)).flatten(0, 1)  # (rows kv, g, d)
        attended = _attend(by_head, keys[:count].flatten(0, 1), values[:count].flatten(0, 1), self._mask)
        return attended.view(count, -1)


def _mask(positions: Tensor, keys: int, like: Tensor) -> Tensor:
    """(L, S): which of the first keys, rounded up, a row at each position sees."""
    ahead = torch.arange(rounded(keys)) > positions[:, None]
    return torch.zeros(ahead.shape, dtype=like.dtype).masked_fill_(ahead, float("-inf")).to(like.device)


def _attend(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
    """Products and softmax as over the tiles of a training pass (`model/tiles.py`).

    In bf16 a row's result has the same bits whatever the other rows are and however many masked keys there are, as
    long as keys are counted in whole vectors: torch's fused attention does not have that property, which an answer
    that does not depend on its company needs.

    Args:
        query: (n kv, g L, d)
        keys: (n kv, S or more, d); values likewise
        mask: (n, L, S)

    Returns:
        (n kv, g L, d)
    """
    if query.shape[1] == 1:  # as in `weights.multiply`
        return _attend(query.repeat(1, 2, 1), keys, values, mask)[:, :1]
    seen = mask.shape[-1]
    scores = torch.bmm(query, keys[:, :seen].transpose(1, 2))
    return torch.bmm(masked_softmax(scores, mask, query.shape[-1] ** -0.5), values[:, :seen])


class AttendShelves:
    """One row of each running sequence, shelf after shelf."""

    def __init__(self, parts: Sequence[AttendShelf], counts: Sequence[int]) -> None:
        self._parts = parts
        self._counts = list(counts)

    def __call__(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        rows = zip(*(x.split(self._counts) for x in (query, key, value)), strict=True)
        return torch.cat([part(layer, *of_part) for part, of_part in zip(self._parts, rows, strict=True)])


class AttendPacked:
    """Rows of a packed pass, as in training."""

    def __init__(self, layout: Layout, head_dim: int) -> None:
        self._layout = layout
        self._scale = head_dim**-0.5

    def __call__(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:  # noqa: ARG002  all alike
        q, k, v = (x.transpose(0, 1)[None] for x in (query, key, value))
        return attend_packed(q, k, v, self._layout, self._scale)[0].flatten(1)
