"""Continuous batching: sequences join and leave at any step, and each step gives every running one its next token.

What a sequence answers does not depend on what runs beside it: a row of a matrix product and a row of attention have
the same bits whatever the others are.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from medgenius.errors import MedGeniusError
from medgenius.inference.attending import AttendPrompt, AttendShelf, AttendShelves
from medgenius.inference.cache import PromptCache, Shelves, rounded, rounded_down, shelf_length
from medgenius.inference.forward import Forward
from medgenius.inference.sampling import Sampler, Sampling
from medgenius.inference.tuned import TunedModel

RequestId = int | str
Finished = Literal["stop", "length"]


class RequestError(MedGeniusError):
    """A request that this decoder could never answer."""


@dataclass(frozen=True, slots=True)
class DecodeRequest:
    id: RequestId
    prompt_ids: Sequence[int]
    max_new_tokens: int
    sampling: Sampling | None = None
    """None: the likeliest token each time"""


@dataclass(frozen=True, slots=True)
class Emitted:
    """A token of a running request."""

    request_id: RequestId
    token_id: int
    finished: Finished | None
    """stop: the token is the end-of-sequence token and no part of the answer; length: it is the last that was asked
    for; None: more are to come"""


@dataclass(frozen=True, slots=True)
class Capacity:
    sequences: int
    """At most so many run at once; others wait."""
    cached_tokens: int
    """Keys and values are kept for at most so many tokens, over all running sequences; a sequence is given room for
    its prompt and all new tokens when it joins, so that it is never thrown out."""
    prompt_tokens: int
    """Of prompts, at most so many are computed in a step, so that running sequences need not wait for a long one"""


@dataclass(eq=False, slots=True)
class _Sequence:
    request: DecodeRequest
    sampler: Sampler | None
    shelf: int
    """The length of the shelf that it is to stand on"""
    cached: int = 0
    """Tokens whose keys and values are known; the last one's are not yet"""
    last: int = 0
    """Its newest token"""
    new: int = 0
    """Tokens given out"""


@dataclass(slots=True)
class _Joining:
    """A sequence whose prompt is being computed."""

    sequence: _Sequence
    cache: PromptCache
    computed: int = 0
    """Tokens of the prompt"""


class Decoder:
    """Runs requests over one model, as it stands when this is made: inside `tuned.base()` without its adapter.

    Of one thread: nothing here waits or locks. Requests join in the order in which they were added.
    """

    def __init__(self, tuned: TunedModel, capacity: Capacity, prefix_ids: Sequence[int] = ()) -> None:
        """
        Args:
            prefix_ids: tokens with which many prompts begin: computed once
        """
        self._forward = Forward(tuned.model)
        self._capacity = capacity
        self._end = int(tuned.tokenizer.eos_token_id)
        self._waiting: deque[_Sequence] = deque()
        self._joining: _Joining | None = None
        self._cache = Shelves(self._forward.shape, capacity.cached_tokens)
        self._running: dict[int, list[_Sequence]] = {}
        """On each shelf, by its length: the sequences in the order of its rows"""
        self._prefix = list(prefix_ids)
        self._prefix_cache = PromptCache.of(self._forward.shape, len(self._prefix))
        if self._prefix:
            with torch.inference_mode():
                self._compute(self._prefix, self._prefix_cache, 0)

    def __len__(self) -> int:
        """Requests that are not answered yet, those that wait included."""
        return len(self._waiting) + self.running

    @property
    def running(self) -> int:
        """Requests whose prompt is computed, or begun."""
        return sum(map(len, self._running.values())) + (self._joining is not None)

    @property
    def longest(self) -> int:
        """Tokens of a prompt and its answer together, at most."""
        return rounded_down(min(self._forward.shape.positions, self._capacity.cached_tokens))

    def add(self, request: DecodeRequest) -> None:
        """
        Raises:
            RequestError: it asks for more than the model or this decoder could ever hold.
        """
        prompt, new, most = len(request.prompt_ids), request.max_new_tokens, self.longest
        if prompt < 1 or new < 1:
            raise RequestError("a prompt and an answer need at least one token each")
        if prompt + new > most:
            raise RequestError(f"a prompt of {prompt} tokens and {new} new ones are more than the {most} that fit")
        sampler = Sampler(request.sampling) if request.sampling else None
        self._waiting.append(_Sequence(request, sampler, shelf_length(prompt + new, most)))

    @torch.inference_mode()
    def remove(self, request_id: RequestId) -> None:
        """Stop a request; one that is not there is answered already."""
        self._waiting = deque(sequence for sequence in self._waiting if sequence.request.id != request_id)
        if self._joining and self._joining.sequence.request.id == request_id:
            self._cache.break_promise(self._joining.sequence.shelf)
            self._joining = None
        for sequences in list(self._running.values()):
            for sequence in [found for found in sequences if found.request.id == request_id]:
                self._leave(sequence)

    @torch.inference_mode()
    def step(self) -> list[Emitted]:
        """The next token of every running sequence, then prompts of those that join, each with its first token."""
        return self._advance() + self._join()

    def _advance(self) -> list[Emitted]:
        if not self._running:
            return []
        sequences = [sequence for on_shelf in self._running.values() for sequence in on_shelf]
        parts = [
            AttendShelf(self._cache[length], [sequence.cached for sequence in on_shelf])
            for length, on_shelf in self._running.items()
        ]
        ids = self._tensor([sequence.last for sequence in sequences])
        positions = self._tensor([sequence.cached for sequence in sequences])
        attend = AttendShelves(parts, [len(on_shelf) for on_shelf in self._running.values()])
        hidden = self._forward.hidden(ids, positions, attend)
        for sequence in sequences:
            sequence.cached += 1
        return self._emit(sequences, hidden)

    def _join(self) -> list[Emitted]:
        """Compute as much of waiting prompts as a step allows."""
        emitted: list[Emitted] = []
        allowed = self._capacity.prompt_tokens
        while allowed > 0 and (joining := self._joining or self._next()):
            self._joining = joining
            prompt_ids, start = joining.sequence.request.prompt_ids, joining.computed
            ids = prompt_ids[start : start + allowed]
            hidden = self._compute(ids, joining.cache, start)
            joining.computed += len(ids)
            allowed -= len(ids)
            if joining.computed == len(prompt_ids):
                self._joining = None
                self._settle(joining)
                emitted += self._emit([joining.sequence], hidden)
        return emitted

    def _next(self) -> _Joining | None:
        """The request that waits longest, if there is room for it."""
        if not self._waiting or self.running == self._capacity.sequences:
            return None
        if not self._cache.promise(self._waiting[0].shelf):
            return None
        sequence = self._waiting.popleft()
        prompt_ids = sequence.request.prompt_ids
        joining = _Joining(sequence, PromptCache.of(self._forward.shape, len(prompt_ids)))
        shared = len(self._prefix)
        if shared < len(prompt_ids) and list(prompt_ids[:shared]) == self._prefix:
            joining.cache.copy_from(self._prefix_cache, shared)
            joining.computed = shared
        return joining

    def _compute(self, ids: Sequence[int], cache: PromptCache, start: int) -> Tensor:
        """Keys and values of tokens from position `start` on; what the head reads of the last: (1, hidden)."""
        rows = rounded(len(ids))
        padded = [*ids, *[0] * (rows - len(ids))]  # behind the others, so that none of them sees it
        positions = torch.arange(start, start + rows, device=self._forward.shape.device)
        positions.clamp_(max=self._forward.shape.positions - 1)
        attend = AttendPrompt(cache, start, rows)
        return self._forward.hidden(self._tensor(padded), positions, attend, needed=self._tensor([len(ids) - 1]))

    def _settle(self, joining: _Joining) -> None:
        sequence = joining.sequence
        sequence.cached = joining.computed
        self._cache[sequence.shelf].join(joining.cache, joining.computed)
        self._running.setdefault(sequence.shelf, []).append(sequence)

    def _emit(self, sequences: Sequence[_Sequence], hidden: Tensor) -> list[Emitted]:
        """The next token of each, from its row of (n, hidden); those that are finished leave."""
        logits = self._forward.logits(hidden)
        emitted = []
        for sequence, row, likeliest in zip(sequences, logits, logits.argmax(1).tolist(), strict=True):
            token = sequence.sampler.draw(row) if sequence.sampler else likeliest
            sequence.last, sequence.new = token, sequence.new + 1
            finished: Finished | None = None
            if token == self._end:
                finished = "stop"
            elif sequence.new == sequence.request.max_new_tokens:
                finished = "length"
            emitted.append(Emitted(sequence.request.id, token, finished))
            if finished:
                self._leave(sequence)
        return emitted

    def _leave(self, sequence: _Sequence) -> None:
        on_shelf = self._running[sequence.shelf]
        row, last = on_shelf.index(sequence), on_shelf.pop()
        if last is not sequence:
            on_shelf[row] = last
        self._cache.leave(sequence.shelf, row, last.cached)
        if not on_shelf:
            del self._running[sequence.shelf]

    def _tensor(self, values: list[int]) -> Tensor:
        return torch.tensor(values, device=self._forward.shape.device)
