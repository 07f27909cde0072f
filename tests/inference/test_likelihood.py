"""Log-likelihoods are those of a plain forward for each continuation."""

from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import PeftModel
from torch import Tensor

from medgenius.data.prompt import Example
from medgenius.data.steps import Pass
from medgenius.errors import DataError
from medgenius.inference.likelihood import ChoiceItem, choice_log_likelihoods, dialogue_losses
from medgenius.inference.tuned import TunedModel
from medgenius.model.adapter import backbone_of
from medgenius.model.loss import target_loss_sum
from tests.inference.support import tiny_tuned
from tests.support import plain_twin, random_examples


@pytest.fixture(scope="module")
def tuned() -> TunedModel:
    return tiny_tuned()


@pytest.fixture(scope="module")
def twin(tuned: TunedModel) -> PeftModel:
    return plain_twin(tuned.model)


@torch.inference_mode()
def plain(twin: PeftModel, context: Sequence[int], continuation: Sequence[int]) -> float:
    ids = torch.tensor([[*context, *continuation]])
    log_probabilities: Tensor = backbone_of(twin)(ids).logits[0].log_softmax(-1)
    rows = range(len(context) - 1, len(context) + len(continuation) - 1)
    return float(sum(log_probabilities[row, token] for row, token in zip(rows, continuation, strict=True)))


def check(tuned: TunedModel, twin: PeftModel, items: Sequence[ChoiceItem]) -> None:
    found = dict(choice_log_likelihoods(tuned, items))
    assert sorted(found) == list(range(len(items)))
    for index, item in enumerate(items):
        expected = [plain(twin, item.context_ids, continuation) for continuation in item.continuations]
        assert found[index] == pytest.approx(expected, abs=1e-4, rel=1e-6)


TOKENS = st.lists(st.integers(3, 258), min_size=1, max_size=7)
ITEMS = st.builds(ChoiceItem, TOKENS, st.lists(TOKENS, min_size=1, max_size=4).map(tuple))


@settings(max_examples=20)
@given(
    prefix=st.lists(st.integers(3, 258), max_size=5),
    common=st.lists(st.integers(3, 258), max_size=5),
    items=st.lists(ITEMS, min_size=1, max_size=5),
)
def test_any_items(
    tuned: TunedModel, twin: PeftModel, prefix: list[int], common: list[int], items: list[ChoiceItem]
) -> None:
    """`common` is what all continuations of every second item begin with."""
    begun = [
        ChoiceItem(prefix + item.context_ids, tuple(common * (place % 2) + ids for ids in item.continuations))
        for place, item in enumerate(items)
    ]
    check(tuned, twin, begun)


def test_what_continuations_begin_with_stands_in_a_pass_once() -> None:
    assert len(ChoiceItem([1, 2, 3], ([5, 6, 7, 8], [5, 6, 9, 8]))) == 3 + 2 + 2 * 1
    assert len(ChoiceItem([1, 2, 3], ([5, 6], [5, 6, 9]))) == 3 + 1 + 0 + 1
    assert len(ChoiceItem([1, 2, 3], ([5, 6, 7],))) == 3 + 2


def test_items_of_all_sizes_in_several_passes(tuned: TunedModel, twin: PeftModel) -> None:
    """Beyond 512 rows attention is cut into tiles of queries, and branches lie in several of them."""
    sizes = [(3, 1), (600, 1), (500, 90), (90, 30), (200, 2), (280, 300), (64, 5), (65, 1), (10, 4)]
    examples = random_examples(*sizes, *sizes[::-1], prefix=20)
    items = []
    for example in examples:
        answer = example.answer_ids
        items.append(ChoiceItem(example.prompt_ids, (answer, answer[: len(answer) // 2 + 1], answer[::-1], [9])))

    check(tuned, twin, items)


def test_base_is_the_model_without_its_adapter(tuned: TunedModel, twin: PeftModel) -> None:
    items = [ChoiceItem([5, 6, 7], ([8], [9, 10]))]
    with tuned.base(), twin.disable_adapter():
        check(tuned, twin, items)
    with twin.disable_adapter(), pytest.raises(AssertionError):
        check(tuned, twin, items)


def test_losses_are_those_of_training(tuned: TunedModel) -> None:
    examples = [*random_examples((5, 7), (3, 40), (300, 20), prefix=9), Example([4], [5], truncated=False)]
    found = dict(dialogue_losses(tuned, examples))
    with torch.no_grad():
        expected = {i: float(target_loss_sum(tuned.model, Pass.of([example]))) for i, example in enumerate(examples)}
    assert found == pytest.approx(expected, rel=1e-5)


def test_an_item_longer_than_the_model_is_one_line(tuned: TunedModel) -> None:
    with pytest.raises(DataError, match="8193 tokens are more than the model's 8192"):
        list(choice_log_likelihoods(tuned, [ChoiceItem([5] * 8191, ([6], [7, 8, 9]))]))


@pytest.mark.parametrize(("context", "continuations"), [([], ([5],)), ([5], ()), ([5], ([6], []))])
def test_nothing_to_ask_is_refused(context: list[int], continuations: tuple[list[int], ...]) -> None:
    with pytest.raises(DataError, match="at least one token"):
        ChoiceItem(context, continuations)
