"""Examples to optimizer steps: a step is a number of dialogues, cut into passes of flat, unpadded tokens."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from medgenius.data.prompt import Example
from medgenius.data.sharing import Share, deal

ALL = Share()
"""Of a process that is alone."""

IGNORE = -100
"""Label of a position whose next token is no target; the value that torch's cross entropy ignores."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the dialogues of a pass lie in its one row of tokens."""

    prefix: int
    """Tokens at the start of the row that every dialogue begins with; they stand there once."""
    lengths: tuple[int, ...]
    """Tokens of each dialogue after the prefix, in order"""
    branches: tuple[tuple[int, ...], ...] = ()
    """Of each dialogue, the lengths of alternatives that make up its end: each sees what is before the first of them,
    and itself, but none of the others. Empty where no dialogue has any."""

    @property
    def tokens(self) -> int:
        """T, the length of the row."""
        return self.prefix + sum(self.lengths)


@dataclass(frozen=True, slots=True)
class Pass:
    """Dialogues laid end to end in one row of T tokens, without padding, their common prefix once."""

    input_ids: Tensor
    """(T,) int64"""
    position_ids: Tensor
    """(T,) int64, in each dialogue as if it stood alone"""
    labels: Tensor
    """(T,) int64: the token that follows where it is a target, else IGNORE"""
    targets: Tensor
    """(targets,) int64: the positions that have a label; the host would wait for a GPU that counts them."""
    layout: Layout

    @classmethod
    def of(cls, examples: Sequence[Example], *, share_prefix: bool = True) -> Self:
        prefix = common_prefix(examples) if share_prefix else 0
        ids: list[int] = examples[0].prompt_ids[:prefix]
        positions: list[int] = list(range(prefix))
        labels: list[int] = [IGNORE] * prefix
        for example in examples:
            ids += example.prompt_ids[prefix:] + example.answer_ids
            positions += range(prefix, len(example))
            # The last prompt token predicts the first token of the answer; the last token predicts nothing.
            labels += [IGNORE] * (len(example.prompt_ids) - prefix - 1) + example.answer_ids + [IGNORE]
        row = torch.tensor(labels)
        return cls(
            input_ids=torch.tensor(ids),
            position_ids=torch.tensor(positions),
            labels=row,
            targets=(row != IGNORE).nonzero()[:, 0],
            layout=Layout(prefix, tuple(len(example) - prefix for example in examples)),
        )

    @classmethod
    def silent(cls, example: Example) -> Self:
        """A pass without a target, whose loss and gradients are zero."""
        return cls.of([Example(example.prompt_ids, [], truncated=False)])

    def to(self, device: torch.device) -> "Pass":
        return Pass(
            input_ids=moved(self.input_ids, device),
            position_ids=moved(self.position_ids, device),
            labels=moved(self.labels, device),
            targets=moved(self.targets, device),
            layout=self.layout,
        )


def moved(x: Tensor, device: torch.device) -> Tensor:
    """A tensor of the CPU on the device; to CUDA from pinned memory, so that the host waits for nothing there."""
    return x.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else x.to(device)


def common_prefix(examples: Sequence[Example]) -> int:
    """Tokens that all prompts begin with, short of a prompt's last, whose output is the dialogue's own."""
    return shared_length([example.prompt_ids for example in examples])


def shared_length(prompts: Sequence[Sequence[int]]) -> int:
    """As `common_prefix`, of prompts' token ids."""
    if len(prompts) == 1:
        return 0
    shortest = min(map(len, prompts)) - 1
    first = prompts[0]
    return next((i for i in range(shortest) if any(prompt[i] != first[i] for prompt in prompts)), shortest)


@dataclass(frozen=True, slots=True)
class Step:
    """What one optimizer step (or one round of validation) sees."""

    passes: tuple[Pass, ...]
    """Of this process; the dialogues of the step may be dealt to several."""
    target_tokens: int
    """Of the whole step, over all processes"""
    real_tokens: int
    """Of the whole step, over all processes"""

    def to(self, device: torch.device, **_: bool) -> "Step":
        """Lightning calls this; it may add `non_blocking`, which nothing here needs."""
        return Step(tuple(piece.to(device) for piece in self.passes), self.target_tokens, self.real_tokens)


def make_step(examples: Sequence[Example], tokens_per_pass: int, share: Share = ALL) -> Step:
    """A process's share of the step, cut into passes; where all need the same number, with silent ones at the end."""
    hands = [_cut(hand, tokens_per_pass) for hand in deal(examples, share.processes)]
    passes = [Pass.of(chosen) for chosen in hands[share.rank]]
    if share.same_passes:
        silent = Pass.silent(min(examples, key=len))
        passes += [silent] * (max(len(hand) for hand in hands) - len(passes))
    return Step(
        passes=tuple(passes),
        target_tokens=sum(len(example.answer_ids) for example in examples),
        real_tokens=sum(len(example) for example in examples),
    )


def _cut(examples: Sequence[Example], tokens_per_pass: int) -> list[list[Example]]:
    """Into passes of at most `tokens_per_pass` tokens; a longer dialogue has its own.

    Longest first, each into the first pass with room (first-fit decreasing), so that few passes are left half empty.
    """
    if not examples:
        return []
    prefix = common_prefix(examples)
    passes: list[list[Example]] = []
    room: list[int] = []
    for example in sorted(examples, key=len, reverse=True):
        own = len(example) - prefix
        fitting = next((number for number, left in enumerate(room) if own <= left), None)
        if fitting is None:
            passes.append([example])
            room.append(tokens_per_pass - prefix - own)
        else:
            passes[fitting].append(example)
            room[fitting] -= own
    return passes


class _Examples(Dataset[Example]):
    def __init__(self, examples: Sequence[Example]) -> None:
        self._examples = examples

    def __getitem__(self, index: int) -> Example:
        return self._examples[index]

    def __len__(self) -> int:
        return len(self._examples)


def epoch_order(count: int, seed: int, epoch: int) -> list[int]:
    """An order that depends on the seed and the epoch alone, not on what else drew random numbers."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed + epoch)).tolist()


class SeededSteps(Sampler[list[int]]):
    """Which dialogues each optimizer step takes, epoch after epoch; the last step of an epoch takes what is left.

    Args:
        steps: the ones to give, counted from 0 over the whole run: a resumed run begins in the middle.
    """

    def __init__(self, count: int, batch_size: int, seed: int, steps: range) -> None:
        self._count = count
        self._batch_size = batch_size
        self._seed = seed
        self._steps = steps

    def __iter__(self) -> Iterator[list[int]]:
        per_epoch = steps_per_epoch(self._count, self._batch_size)
        order: list[int] = []
        ordered_for = -1
        for step in self._steps:
            epoch, number = divmod(step, per_epoch)
            if epoch != ordered_for:
                order, ordered_for = epoch_order(self._count, self._seed, epoch), epoch
            yield order[number * self._batch_size : (number + 1) * self._batch_size]

    def __len__(self) -> int:
        return len(self._steps)


def steps_per_epoch(examples: int, batch_size: int) -> int:
    return math.ceil(examples / batch_size)


def training_steps(  # noqa: PLR0913, PLR0917  each decides what a process sees of a step
    examples: Sequence[Example], batch_size: int, tokens_per_pass: int, seed: int, steps: range, share: Share = ALL
) -> DataLoader[Example]:
    """A loader of `Step`s of `batch_size` dialogues, over all processes and epochs: the `steps` that are to be done."""
    return DataLoader(
        _Examples(examples),
        batch_sampler=SeededSteps(len(examples), batch_size, seed, steps),
        collate_fn=lambda chosen: make_step(chosen, tokens_per_pass, share),
        generator=torch.Generator(),  # a loader draws a seed when it is read: not from what dropout draws from
    )


def validation_steps(examples: Sequence[Example], tokens_per_pass: int, share: Share = ALL) -> DataLoader[Example]:
    """A loader of `Step`s in the order of length, so that a pass holds dialogues of a size."""
    return DataLoader(
        _Examples(sorted(examples, key=len)),
        batch_size=32,
        collate_fn=lambda chosen: make_step(chosen, tokens_per_pass, share),
        generator=torch.Generator(),
    )
