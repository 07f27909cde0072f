"""Fifty steps of real training beside plain transformers, PEFT and bitsandbytes: the same curve, up to noise.

Both sides begin a seed with the same adapter and see the same dialogues in the same order. What differs is rounding in
bf16 and which numbers dropout draws; how far that moves a loss is read off the differences of several seeds.
"""

from collections.abc import Callable, Sequence

import numpy
import pytest
import torch
from peft import PeftModel
from torch import Tensor
from torch.nn.functional import cross_entropy

from medgenius.config.train import TrainConfig
from medgenius.data.encode import encode_dialogues
from medgenius.data.prompt import Example, Prompt
from medgenius.data.sources import load_dialogues
from medgenius.data.steps import Step
from medgenius.model.adapter import add_adapter
from medgenius.model.backbone import load_backbone, load_tokenizer
from medgenius.model.loss import target_loss_sum
from medgenius.training.optimizer import build_optimizer, build_schedule
from tests.support import cache_dir, composed, plain_twin

_SEEDS = (1, 2, 3)
_STEPS = 50
_WINDOW = 10
"""Steps whose losses are averaged."""
_BATCH = 4


@pytest.mark.slow
def test_the_loss_curve_is_that_of_plain_peft() -> None:
    """About a quarter of an hour on two cores."""
    config = composed("data.max_length=160")
    assert config.lora.dropout > 0
    batches = _batches(config)
    ours, plain = (numpy.array(side) for side in zip(*(_curves(config, batches, s) for s in _SEEDS), strict=True))

    windows = (ours - plain).reshape(len(_SEEDS), -1, _WINDOW).mean(2)
    noise = float(numpy.sqrt(windows.var(0, ddof=1).mean() / len(_SEEDS)))
    curve = plain.mean(0).reshape(-1, _WINDOW).mean(1)
    print(f"plain {curve.round(3)}, ours less plain {windows.mean(0).round(4)}, standard error {noise:.4f}")
    assert curve[-1] < curve[0] - 20 * noise  # it learnt something that might have gone otherwise
    assert numpy.abs(windows.mean(0)).max() < 3 * noise


def _batches(config: TrainConfig) -> list[list[Example]]:
    tokenizer = load_tokenizer(config.model, cache_dir())
    dialogues = load_dialogues(config.data, config.seed).dialogues
    examples = encode_dialogues(dialogues, Prompt(config.prompt, tokenizer), config.data.max_length).examples
    order = torch.randperm(len(examples), generator=torch.Generator().manual_seed(0)).tolist()
    return [[examples[i] for i in order[step * _BATCH : (step + 1) * _BATCH]] for step in range(_STEPS)]


def _curves(config: TrainConfig, batches: Sequence[list[Example]], seed: int) -> tuple[list[float], list[float]]:
    backbone = load_backbone(config.model, cache_dir(), torch.bfloat16, torch.device("cpu"))
    model = add_adapter(backbone, config.lora, seed)
    twin = plain_twin(model, dropout=config.lora.dropout)

    def packed(batch: list[Example]) -> list[Tensor]:
        return [target_loss_sum(model, piece) for piece in Step(tuple(batch)).passes(768)]

    def one_by_one(batch: list[Example]) -> list[Tensor]:
        return [_plain_loss_sum(twin, example) for example in batch]

    return _trained(model, packed, config, batches, seed), _trained(twin, one_by_one, config, batches, seed)


def _trained(
    model: PeftModel,
    loss_sums: Callable[[list[Example]], list[Tensor]],
    config: TrainConfig,
    batches: Sequence[list[Example]],
    seed: int,
) -> list[float]:
    """The loss of each step."""
    torch.manual_seed(seed)
    optimizer = build_optimizer(model.parameters(), config.optimizer)
    schedule = build_schedule(optimizer, len(batches), config.scheduler)
    losses: list[float] = []
    for batch in batches:
        targets = sum(len(example.answer_ids) for example in batch)
        parts = loss_sums(batch)
        torch.stack(parts).sum().div(targets).backward()
        losses.append(sum(part.item() for part in parts) / targets)
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.trainer.gradient_clip_val)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
    return losses


def _plain_loss_sum(model: PeftModel, example: Example) -> Tensor:
    ids = torch.tensor([example.prompt_ids + example.answer_ids])
    logits: Tensor = model(ids).logits[0, len(example.prompt_ids) - 1 : -1]
    return cross_entropy(logits.float(), torch.tensor(example.answer_ids), reduction="sum")
