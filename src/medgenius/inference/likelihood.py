"""How likely a model finds texts: of answers to a question, and of dialogues' answers.

What texts share is computed once: a question stands in a pass once, behind it what all its continuations begin with,
and then their rests as branches (`data/steps.Layout`); what all questions of a pass begin with stands there once. No
token is padding, and the last layer and the head run for those rows alone whose next token is asked for.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from medgenius.data.prompt import Example
from medgenius.data.steps import Layout, shared_length
from medgenius.errors import DataError
from medgenius.inference.attending import AttendPacked
from medgenius.inference.forward import Forward
from medgenius.inference.tuned import TunedModel

_TOKENS = {"cpu": 768, "cuda": 16_384}
"""Of a pass: on CPU it should stay in the cache"""
_ROUND = 32
"""Rows of a pass are a multiple of it: oneDNN prepares code for each new shape."""
_ROWS = {"cpu": 256, "cuda": 2048}
"""Whose logits are in memory at once"""


@dataclass(frozen=True, slots=True)
class ChoiceItem:
    """A question and what may follow it, in tokens."""

    context_ids: list[int]
    """At least one; its last token predicts the first of each continuation"""
    continuations: tuple[list[int], ...]
    """At least one token each"""
    common: int = field(init=False)
    """Tokens that all continuations begin with, where there are several; each has at least one more"""

    def __post_init__(self) -> None:
        if not self.context_ids or not self.continuations or not all(self.continuations):
            raise DataError("a context and each of its continuations need at least one token")
        object.__setattr__(self, "common", shared_length(self.continuations))

    @property
    def rests(self) -> list[list[int]]:
        """Of the continuations, behind what they have in common."""
        return [ids[self.common :] for ids in self.continuations]

    def __len__(self) -> int:
        """Rows of a pass; the last token of a continuation predicts nothing that is asked for."""
        return len(self.context_ids) + self.common + sum(len(ids) - self.common - 1 for ids in self.continuations)


def choice_log_likelihoods(
    tuned: TunedModel, items: Sequence[ChoiceItem], on_progress: Callable[[int, int], None] | None = None
) -> Iterator[tuple[int, tuple[float, ...]]]:
    """Of each item, its index and the log-likelihood of each continuation after the context, in nats, summed over its
    tokens; the longest items first.

    Inside `with tuned.base()` those of the model without its adapter; what counts is the first `next`.

    Args:
        on_progress: told of rows done and rows in all

    Raises:
        DataError: an item is longer than the model allows.
    """
    yield from _in_passes(Forward(tuned.model), items, on_progress)


def dialogue_losses(
    tuned: TunedModel, examples: Sequence[Example], on_progress: Callable[[int, int], None] | None = None
) -> Iterator[tuple[int, float]]:
    """Of each example, its index and the negative log-likelihood of its answer, in nats, summed over its targets.

    Otherwise as `choice_log_likelihoods`.
    """
    items = [ChoiceItem(example.prompt_ids, (example.answer_ids,)) for example in examples]
    for index, (log_likelihood,) in choice_log_likelihoods(tuned, items, on_progress):
        yield index, -log_likelihood


def _in_passes(
    forward: Forward, items: Sequence[ChoiceItem], on_progress: Callable[[int, int], None] | None
) -> Iterator[tuple[int, tuple[float, ...]]]:
    for item in items:
        longest = len(item.context_ids) + max(map(len, item.continuations)) - 1
        if longest > forward.shape.positions:
            raise DataError(f"{longest} tokens are more than the model's {forward.shape.positions}")
    done, total = 0, sum(map(len, items))
    for chosen in _cut(items, _TOKENS[forward.shape.device.type]):
        of_pass = [items[index] for index in chosen]
        yield from zip(chosen, _of_pass(forward, of_pass), strict=True)
        done += sum(map(len, of_pass))
        if on_progress:
            on_progress(done, total)


def _cut(items: Sequence[ChoiceItem], tokens: int) -> Iterator[list[int]]:
    """Indices of items, the longest first, as many as make a pass of at most `tokens`; a longer one has its own."""
    chosen: list[int] = []
    prefix = shared_length([item.context_ids for item in items]) if items else 0
    room = tokens - prefix
    for index in sorted(range(len(items)), key=lambda index: len(items[index]), reverse=True):
        own = len(items[index]) - prefix
        if chosen and own > room:
            yield chosen
            chosen, room = [], tokens - prefix
        chosen.append(index)
        room -= own
    if chosen:
        yield chosen


@dataclass(slots=True)
class _Rows:
    """Of one pass, as it is laid out."""

    ids: list[int]
    positions: list[int]
    needed: list[int] = field(default_factory=list)
    """Rows that predict"""
    targets: list[int] = field(default_factory=list)
    """What each of them is to predict"""
    counts: list[int] = field(default_factory=list)
    """Targets of each continuation"""

    def add(self, ids: Sequence[int], start: int) -> None:
        self.ids += ids
        self.positions += range(start, start + len(ids))

    def ask(self, tokens: Sequence[int], predicted_by: Iterable[int]) -> None:
        """
        Args:
            predicted_by: the row before each token
        """
        self.needed += predicted_by
        self.targets += tokens
        self.counts.append(len(tokens))


def _of_pass(forward: Forward, items: Sequence[ChoiceItem]) -> list[tuple[float, ...]]:
    prefix = shared_length([item.context_ids for item in items])
    rows = _Rows(items[0].context_ids[:prefix], list(range(prefix)))
    branches = []
    for item in items:
        rows.add(item.context_ids[prefix:], prefix)
        before, length = len(rows.ids) - 1, len(item.context_ids) + item.common
        if item.common:
            shared = item.continuations[0][: item.common]
            rows.add(shared, len(item.context_ids))
            rows.ask(shared, range(before, before + item.common))
            before += item.common
        for rest in item.rests:
            own = len(rows.ids)
            rows.add(rest[:-1], length)
            rows.ask(rest, [before, *range(own, len(rows.ids))])
        branches.append(tuple(len(rest) - 1 for rest in item.rests))
    lengths = [len(item) - prefix for item in items]
    if nobodys := -len(rows.ids) % _ROUND:
        rows.add([0] * nobodys, 0)
        lengths.append(nobodys)
        branches.append(())
    layout = Layout(prefix, tuple(lengths), tuple(branches) if any(map(any, branches)) else ())
    log_likelihoods = _at_targets(forward, rows, layout)
    sums = iter([float(part.sum(dtype=torch.float64)) for part in log_likelihoods.split(rows.counts)])
    found = []
    for item in items:
        shared_sum = next(sums) if item.common else 0.0
        found.append(tuple(shared_sum + next(sums) for _ in item.continuations))
    return found


@torch.inference_mode()
def _at_targets(forward: Forward, rows: _Rows, layout: Layout) -> Tensor:
    """log p of each target: (targets,) fp32 on the CPU."""
    device = forward.shape.device
    ids, positions, needed, targets = (
        torch.tensor(values, device=device) for values in (rows.ids, rows.positions, rows.needed, rows.targets)
    )
    hidden = forward.hidden(ids, positions, AttendPacked(layout, forward.shape.head_dim), needed)
    at_once = _ROWS[device.type]
    found = []
    for part, target in zip(hidden.split(at_once), targets.split(at_once), strict=True):
        logits = forward.logits(part)
        found.append(logits.gather(1, target[:, None])[:, 0] - logits.logsumexp(1))
    return torch.cat(found).cpu()
