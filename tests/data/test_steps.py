"""Targets, positions and the cut into passes."""

from itertools import pairwise

import torch
from hypothesis import given
from hypothesis import strategies as st

from medgenius.data.prompt import Example
from medgenius.data.steps import IGNORE, Pass, SeededSteps, Step, epoch_order, training_steps, validation_steps
from tests.support import random_examples

_LENGTHS = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=12)


@given(lengths=_LENGTHS)
def test_every_answer_token_is_a_target_of_the_position_before_it_and_nothing_else_is(
    lengths: list[tuple[int, int]],
) -> None:
    examples = random_examples(*lengths)
    piece = Pass.of(examples, share_prefix=False)
    start = 0
    for example in examples:
        ids = example.prompt_ids + example.answer_ids
        labels = piece.labels[start : start + len(ids)].tolist()
        assert piece.input_ids[start : start + len(ids)].tolist() == ids
        assert piece.position_ids[start : start + len(ids)].tolist() == list(range(len(ids)))
        for position, (label, following) in enumerate(zip(labels, [*ids[1:], None], strict=True)):
            is_target = position + 1 >= len(example.prompt_ids) and following is not None
            assert label == (following if is_target else IGNORE)
        start += len(ids)
    assert start == len(piece.input_ids) == piece.layout.tokens
    assert piece.targets.tolist() == [at for at, label in enumerate(piece.labels.tolist()) if label != IGNORE]


@given(lengths=_LENGTHS, prefix=st.integers(0, 9))
def test_the_shared_prefix_stands_once_and_every_dialogue_can_be_had_back(
    lengths: list[tuple[int, int]], prefix: int
) -> None:
    examples = random_examples(*lengths, prefix=prefix)
    piece = Pass.of(examples)
    shared = piece.layout.prefix
    assert shared >= (prefix if len(examples) > 1 else 0)
    assert len(piece.input_ids) == piece.layout.tokens
    start = shared
    for example, length in zip(examples, piece.layout.lengths, strict=True):
        own = slice(start, start + length)
        tokens = piece.input_ids[:shared].tolist() + piece.input_ids[own].tolist()
        positions = piece.position_ids[:shared].tolist() + piece.position_ids[own].tolist()
        assert tokens == example.prompt_ids + example.answer_ids
        assert positions == list(range(len(example)))
        assert (piece.labels[own] != IGNORE).sum() == len(example.answer_ids)
        start += length
    assert (piece.labels[:shared] == IGNORE).all()


@given(lengths=_LENGTHS, prefix=st.integers(0, 9), tokens=st.integers(8, 200))
def test_any_cut_keeps_every_dialogue_once_and_fills_passes_within_their_limit(
    lengths: list[tuple[int, int]], prefix: int, tokens: int
) -> None:
    examples = random_examples(*lengths, prefix=prefix)
    step = Step(tuple(examples))
    passes = list(step.passes(tokens))
    found = []
    for piece in passes:
        assert piece.layout.tokens == len(piece.input_ids)
        assert piece.layout.tokens <= tokens or len(piece.layout.lengths) == 1
        found += [length + piece.layout.prefix for length in piece.layout.lengths]
    assert sorted(found) == sorted(len(example) for example in examples)
    assert step.real_tokens == sum(found)
    assert step.target_tokens == sum(int((piece.labels != IGNORE).sum()) for piece in passes)
    answers = sorted(tuple(example.answer_ids) for example in examples)
    assert sorted(answer for piece in passes for answer in _answers(piece)) == answers


def _answers(piece: Pass) -> list[tuple[int, ...]]:
    own = piece.labels[piece.layout.prefix :].split(piece.layout.lengths)
    return [tuple(labels[labels != IGNORE].tolist()) for labels in own]


def test_an_epoch_holds_every_dialogue_once_and_each_epoch_has_its_own_order() -> None:
    epochs = [epoch_order(50, seed=3, epoch=epoch) for epoch in range(3)]
    assert epochs[0] == epoch_order(50, seed=3, epoch=0)
    assert all(sorted(epoch) == list(range(50)) for epoch in epochs)
    assert all(first != second for first, second in pairwise(epochs))


@given(count=st.integers(1, 40), batch_size=st.integers(1, 12), epochs=st.integers(1, 4), data=st.data())
def test_steps_go_through_the_epochs_and_may_begin_anywhere(
    count: int, batch_size: int, epochs: int, data: st.DataObject
) -> None:
    in_order = [batch for epoch in range(epochs) for batch in _cut(epoch_order(count, 7, epoch), batch_size)]
    first = data.draw(st.integers(0, len(in_order)))
    steps = SeededSteps(count, batch_size, 7, range(first, len(in_order)))
    assert list(steps) == in_order[first:]
    assert len(steps) == len(in_order) - first


def _cut(order: list[int], size: int) -> list[list[int]]:
    return [order[at : at + size] for at in range(0, len(order), size)]


def test_last_step_of_an_epoch_takes_what_is_left() -> None:
    examples = random_examples(*[(3, 4)] * 70)
    steps = training_steps(examples, 32, seed=0, steps=range(6))
    assert [len(step.dialogues) for step in steps] == [32, 32, 6] * 2


def test_a_loader_leaves_the_generator_of_dropout_alone() -> None:
    examples = random_examples(*[(3, 4)] * 10)
    before = torch.get_rng_state()
    list(training_steps(examples, 4, seed=0, steps=range(3)))
    list(validation_steps(examples))
    assert torch.equal(torch.get_rng_state(), before)


def test_validation_sees_every_dialogue_once() -> None:
    examples = [Example([5] * n, [6] * (40 - n), truncated=False) for n in range(1, 30)]
    seen = [dialogue for step in validation_steps(examples) for dialogue in step.dialogues]
    assert sorted(map(id, seen)) == sorted(map(id, examples))
