"""Keys and values of the tokens that sequences have behind them: those of one prompt, and of many sequences at once.

Running sequences stand on shelves, each for sequences up to some length, so that one long conversation does not make
the attention of all the others as long as itself. On a shelf they stand without gaps: who leaves is replaced by the
last. Attention then is one call for each shelf (`attending.py`).
"""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from medgenius.inference.forward import Shape

SHORTEST = 128
"""Tokens of the lowest shelf; each next one has half as many more, rounded."""
_ROUND = 32
"""Rows of a prompt and keys that attention reads are a multiple of it: oneDNN prepares code for each new shape."""


def shelf_length(tokens: int, most: int | None = None) -> int:
    """The length of the shelf for sequences of at most `tokens`, where none is longer than `most`, a multiple too."""
    length = SHORTEST
    while length < tokens:
        length = rounded(length * 3 // 2)
    return length if most is None else min(length, most)


def rounded(count: int) -> int:
    return -(-count // _ROUND) * _ROUND


def rounded_down(count: int) -> int:
    return count // _ROUND * _ROUND


@dataclass(frozen=True, slots=True)
class PromptCache:
    """Of one sequence while its prompt is computed."""

    keys: tuple[Tensor, ...]
    """Of each layer, (kv_heads, room, d)"""
    values: tuple[Tensor, ...]

    @classmethod
    def of(cls, shape: Shape, tokens: int) -> Self:
        def zeros() -> tuple[Tensor, ...]:
            return tuple(
                torch.zeros(shape.kv_heads, tokens + 2 * _ROUND, shape.head_dim, dtype=shape.dtype, device=shape.device)
                for _ in range(shape.layers)
            )

        return cls(zeros(), zeros())

    def copy_from(self, other: "PromptCache", tokens: int) -> None:
        """The first tokens of another sequence, which both begin with."""
        for mine, theirs in zip(self.keys + self.values, other.keys + other.values, strict=True):
            mine[:, :tokens] = theirs[:, :tokens]


class Shelf:
    """Sequences of at most `length` tokens, one a row, without gaps."""

    def __init__(self, shape: Shape, length: int) -> None:
        self.length = length
        self.rows = 0
        """In use"""
        self.promised = 0
        """Kept free for sequences that are still to join"""
        self.room = 0
        """Allocated"""
        self._shape = shape
        self.keys = [self._empty(0) for _ in range(shape.layers)]  # (room, kv_heads, length, d)
        self.values = [self._empty(0) for _ in range(shape.layers)]

    @property
    def tokens(self) -> int:
        """Allocated"""
        return self.room * self.length

    def _empty(self, rows: int) -> Tensor:
        """Zeros: what is there is multiplied by a weight of zero, and must be a number."""
        shape = self._shape
        return torch.zeros(rows, shape.kv_heads, self.length, shape.head_dim, dtype=shape.dtype, device=shape.device)

    def resize(self, room: int) -> None:
        """One layer after the other, so that little is there twice."""
        if room == self.room:
            return
        for tensors in (self.keys, self.values):
            for layer, old in enumerate(tensors):
                new = self._empty(room)
                new[: self.rows] = old[: self.rows]
                tensors[layer] = new
        self.room = room

    def join(self, prompt: PromptCache, tokens: int) -> None:
        """As the last row, which was promised."""
        self.promised -= 1
        for tensors, parts in ((self.keys, prompt.keys), (self.values, prompt.values)):
            for rows, part in zip(tensors, parts, strict=True):
                rows[self.rows, :, :tokens] = part[:, :tokens]
        self.rows += 1

    def leave(self, row: int, tokens_of_last: int) -> None:
        """The last row takes its place."""
        self.rows -= 1
        if row != self.rows:
            for rows in self.keys + self.values:
                rows[row, :, :tokens_of_last] = rows[self.rows, :, :tokens_of_last]


class Shelves:
    """All of them, within a budget of tokens."""

    def __init__(self, shape: Shape, budget: int) -> None:
        self._shape = shape
        self._budget = budget
        self._shelves: dict[int, Shelf] = {}

    def __getitem__(self, length: int) -> Shelf:
        return self._shelves[length]

    @property
    def tokens(self) -> int:
        """Allocated"""
        return sum(shelf.tokens for shelf in self._shelves.values())

    def promise(self, length: int) -> bool:
        """Keep a row of this length for a sequence that is to join; False where the budget has none."""
        shelf = self._shelves.get(length)
        if shelf is None or shelf.rows + shelf.promised == shelf.room:
            if self.tokens + length > self._budget:
                self._shrink()
            free = (self._budget - self.tokens) // length
            if free < 1:
                return False
            shelf = self._shelves.setdefault(length, Shelf(self._shape, length))
            shelf.resize(shelf.room + min(max(shelf.room, 4), free))
        shelf.promised += 1
        return True

    def break_promise(self, length: int) -> None:
        self._shelves[length].promised -= 1
        self._drop_if_empty(length)

    def leave(self, length: int, row: int, tokens_of_last: int) -> None:
        self._shelves[length].leave(row, tokens_of_last)
        self._drop_if_empty(length)

    def _drop_if_empty(self, length: int) -> None:
        shelf = self._shelves[length]
        if not shelf.rows + shelf.promised:
            del self._shelves[length]

    def _shrink(self) -> None:
        """Give back rows that nobody uses."""
        for shelf in self._shelves.values():
            shelf.resize(shelf.rows + shelf.promised)
