"""Contract 3: packing, the cut into passes and evaluation change nothing about loss and gradients."""

import pytest
import torch
from peft import PeftModel
from torch import Tensor
from torch.nn.functional import cross_entropy

from medgenius.data.prompt import Example
from medgenius.data.steps import Pass, Step
from medgenius.model.kernels import compile_kernels
from medgenius.model.loss import target_loss_sum
from tests.support import cache_dir, plain_twin, random_examples, tiny_model

_UNEQUAL = [(3, 5), (40, 2), (1, 1), (17, 60), (8, 8), (2, 31), (25, 25), (420, 180)] * 4


@pytest.fixture(scope="module", params=["none", "nf4"])
def model(request: pytest.FixtureRequest) -> PeftModel:
    return tiny_model("lora.dropout=0.0", f"model.quantization={request.param}")


def _gradients(model: PeftModel) -> dict[str, Tensor]:
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def _cut(examples: list[Example], dialogues_per_pass: int) -> list[Pass]:
    """Passes of so many dialogues each, in the order given."""
    starts = range(0, len(examples), dialogues_per_pass)
    return [Pass.of(examples[start : start + dialogues_per_pass]) for start in starts]


def _passes(examples: list[Example], tokens_per_pass: int) -> list[Pass]:
    """As training cuts them."""
    return list(Step(tuple(examples)).passes(tokens_per_pass))


def _run(model: PeftModel, passes: list[Pass]) -> tuple[float, dict[str, Tensor]]:
    model.zero_grad()
    total, targets = 0.0, sum(len(piece.targets) for piece in passes)
    for piece in passes:
        loss = target_loss_sum(model, piece) / targets
        loss.backward()
        total += loss.item()
    return total, _gradients(model)


def _padded_twin(model: PeftModel, examples: list[Example]) -> tuple[float, dict[str, Tensor]]:
    """The plain way: transformers' and PEFT's own modules, eager attention, one padded batch, all logits, a shift."""
    longest = max(len(example) for example in examples)
    ids = torch.zeros(len(examples), longest, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    labels = torch.full_like(ids, -100)
    for row, example in enumerate(examples):
        tokens = torch.tensor(example.prompt_ids + example.answer_ids)
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
        labels[row, len(example.prompt_ids) : len(tokens)] = tokens[len(example.prompt_ids) :]
    twin = plain_twin(model)
    logits = twin(input_ids=ids, attention_mask=mask).logits
    loss = cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
    loss.backward()
    return loss.item(), _gradients(twin)


def _assert_equal(found: tuple[float, dict[str, Tensor]], wanted: tuple[float, dict[str, Tensor]]) -> None:
    assert found[0] == pytest.approx(wanted[0], rel=1e-6)
    assert found[1].keys() == wanted[1].keys()
    for name, gradient in wanted[1].items():
        assert (found[1][name] - gradient).norm() <= 1e-5 * gradient.norm(), name


@pytest.mark.parametrize("prefix", [0, 1, 33])
def test_packed_pass_equals_a_padded_batch_in_plain_transformers(model: PeftModel, prefix: int) -> None:
    examples = random_examples(*_UNEQUAL, prefix=prefix)
    assert Pass.of(examples).layout.prefix == prefix
    _assert_equal(_run(model, _cut(examples, len(examples))), _padded_twin(model, examples))


def test_long_dialogues_behind_a_prefix_equal_a_padded_batch(model: PeftModel) -> None:
    """Past the length up to which attention is two matrix products."""
    examples = random_examples((900, 700), (30, 1500), (2, 2), prefix=40)
    _assert_equal(_run(model, _cut(examples, len(examples))), _padded_twin(model, examples))


def test_a_shared_prefix_changes_nothing(model: PeftModel) -> None:
    examples = random_examples(*_UNEQUAL, prefix=50)
    losses, gradients = [], []
    for share in (True, False):
        model.zero_grad()
        piece = Pass.of(examples, share_prefix=share)
        loss = target_loss_sum(model, piece) / sum(len(example.answer_ids) for example in examples)
        loss.backward()
        losses.append(loss.item())
        gradients.append(_gradients(model))
    _assert_equal((losses[0], gradients[0]), (losses[1], gradients[1]))


@pytest.mark.parametrize("per_pass", [1, 4, 8])
def test_every_cut_of_32_dialogues_gives_the_same_loss_and_gradients(model: PeftModel, per_pass: int) -> None:
    examples = random_examples(*_UNEQUAL, prefix=20)
    assert len(examples) == 32
    _assert_equal(_run(model, _cut(examples, per_pass)), _run(model, _cut(examples, 32)))


@pytest.mark.parametrize("tokens", [8, 90, 700, 100_000])
def test_every_number_of_tokens_per_pass_gives_the_same_loss_and_gradients(model: PeftModel, tokens: int) -> None:
    examples = random_examples(*_UNEQUAL, prefix=20)
    _assert_equal(_run(model, _passes(examples, tokens)), _run(model, _cut(examples, 32)))


def test_compiled_kernels_equal_those_that_run_as_they_stand(model: PeftModel) -> None:
    examples = random_examples(*_UNEQUAL, (600, 1400), prefix=20)  # lengths of 2 to 2,000 tokens
    plain = _run(model, _passes(examples, 768))
    compile_kernels(True, cache_dir() / "kernels")
    try:
        _assert_equal(_run(model, _passes(examples, 768)), plain)
        _assert_equal(_run(model, _passes(examples, 90)), plain)
    finally:
        compile_kernels(False, cache_dir() / "kernels")


def test_a_dialogue_that_fills_the_pass_and_dialogues_of_one_length(model: PeftModel) -> None:
    examples = random_examples(*[(100, 28)] * 6, (500, 268))
    passes = _passes(examples, 768)
    assert [piece.layout.tokens for piece in passes] == [768, 768]
    _assert_equal(_run(model, passes), _padded_twin(model, examples))


@pytest.mark.parametrize("length", [(1, 1), (2047, 1), (5, 2043)])
def test_one_dialogue_alone(model: PeftModel, length: tuple[int, int]) -> None:
    examples = random_examples(length)
    _assert_equal(_run(model, _passes(examples, 768)), _padded_twin(model, examples))


def test_a_dialogue_is_not_changed_by_its_neighbours(model: PeftModel) -> None:
    one, *others = random_examples((20, 30), (5, 5), (60, 4))
    alone = target_loss_sum(model, Pass.of([one])).item()
    rest = target_loss_sum(model, Pass.of(others)).item()
    assert target_loss_sum(model, Pass.of([others[0], one, others[1]])).item() == pytest.approx(alone + rest, rel=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_gradients_after_an_evaluation_equal_those_before(dtype: torch.dtype) -> None:
    """bitsandbytes 0.50 repacks 4-bit weights on CPU at the first evaluation, into a form without a backward."""
    model = tiny_model("lora.dropout=0.0", dtype=dtype)
    examples = random_examples(*_UNEQUAL[:4])
    before = _run(model, _cut(examples, 4))
    model.eval()
    with torch.no_grad():
        evaluated = target_loss_sum(model, Pass.of(examples)).item()
    model.train()
    after = _run(model, _cut(examples, 4))
    assert after[0] == before[0]
    assert evaluated == pytest.approx(before[0] * sum(len(e.answer_ids) for e in examples), rel=1e-5)
    for name, gradient in before[1].items():
        assert torch.equal(after[1][name], gradient), name
