"""How the dialogues of a step are dealt to processes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgenius.data.sharing import Share, deal
from medgenius.data.steps import IGNORE, Pass, Step, training_steps
from tests.support import random_examples

_LENGTHS = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=40)


@given(lengths=_LENGTHS, processes=st.integers(1, 8))
def test_each_dialogue_is_dealt_once_and_evenly_in_tokens(lengths: list[tuple[int, int]], processes: int) -> None:
    examples = random_examples(*lengths)
    hands = deal(examples, processes)

    assert len(hands) == processes
    assert sorted(id(example) for hand in hands for example in hand) == sorted(map(id, examples))
    tokens = [sum(map(len, hand)) for hand in hands]
    assert max(tokens) - min(tokens) <= max(map(len, examples))


@given(lengths=_LENGTHS, processes=st.integers(1, 8))
def test_shares_hold_the_targets_of_the_step_and_know_its_counts(
    lengths: list[tuple[int, int]], processes: int
) -> None:
    examples = random_examples(*lengths, prefix=3)
    whole = Step(tuple(examples))
    shares = [Step(tuple(examples), Share(rank, processes)) for rank in range(processes)]

    assert {(share.target_tokens, share.real_tokens) for share in shares} == {(whole.target_tokens, whole.real_tokens)}
    targets = [int((piece.labels != IGNORE).sum()) for share in shares for piece in share.passes(100)]
    assert sum(targets) == whole.target_tokens


@given(lengths=_LENGTHS, processes=st.integers(2, 8))
def test_where_all_need_as_many_passes_silent_ones_are_added(lengths: list[tuple[int, int]], processes: int) -> None:
    step = Step(tuple(random_examples(*lengths)))

    def passes(share: Share) -> list[Pass]:
        return list(replace(step, share=share).passes(100))

    for rank in range(processes):
        free = passes(Share(rank, processes))
        even = passes(Share(rank, processes, same_passes=True))
        assert all(bool((piece.labels == IGNORE).all()) for piece in even[len(free) :])
        assert len(even) == max(len(passes(Share(r, processes))) for r in range(processes))


def test_every_process_sees_its_share_of_the_same_steps_in_the_same_order() -> None:
    examples = random_examples(*[(5 + i % 9, 3 + i % 4) for i in range(70)])
    alone = list(training_steps(examples, 32, seed=0, steps=range(3)))
    shares = [list(training_steps(examples, 32, 0, range(3), Share(rank, 2))) for rank in range(2)]

    assert [step.target_tokens for step in alone] == [step.target_tokens for step in shares[0]]
    for step, *parts in zip(alone, *shares, strict=True):
        dialogues = [sum(len(piece.layout.lengths) for piece in part.passes(64)) for part in parts]
        assert sum(dialogues) == len(step.dialogues)
        assert dialogues == pytest.approx([sum(dialogues) / 2] * 2, abs=3)
