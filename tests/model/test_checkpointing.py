"""Activation checkpointing changes memory and nothing else."""

import pytest
import torch
from peft import PeftModel
from torch import Tensor, nn

from medgenius.data.steps import Pass
from medgenius.model.adapter import backbone_of
from medgenius.model.checkpointing import checkpoint_layers
from medgenius.model.loss import target_loss_sum
from medgenius.model.norm import FrozenRmsNorm
from tests.support import random_examples, tiny_model

_PIECE = Pass.of(random_examples((3, 5), (40, 2), (17, 60), prefix=20))


def _result(model: PeftModel) -> list[Tensor]:
    """Loss and gradients, with what dropout draws after a seed, and the next number after it."""
    model.zero_grad()
    torch.manual_seed(3)
    loss = target_loss_sum(model, _PIECE)
    loss.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    return [loss.detach(), *gradients, torch.rand(1)]


@pytest.mark.parametrize("quantization", ["none", "nf4"])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_loss_and_gradients_are_the_same(quantization: str, dropout: float) -> None:
    model = tiny_model(f"lora.dropout={dropout}", f"model.quantization={quantization}")
    plain = _result(model)
    assert len(plain) == 2 + 2 * 14
    checkpoint_layers(backbone_of(model))
    for found, wanted in zip(_result(model), plain, strict=True):
        assert torch.equal(found, wanted)


def _kept_bytes(model: PeftModel) -> int:
    """What autograd packs away in a forward; a checkpointed layer packs nothing, and its input is another's output."""
    packed: dict[int, int] = {}

    def pack(x: Tensor) -> Tensor:
        packed[x.untyped_storage().data_ptr()] = x.untyped_storage().nbytes()
        return x

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        loss = target_loss_sum(model, _PIECE)
    loss.backward()
    return sum(packed.values())


def test_a_layer_runs_again_in_the_backward_and_keeps_less_until_then() -> None:
    model = tiny_model("lora.dropout=0.0")
    layers = backbone_of(model).model.layers
    norms = [norm for norm in layers.modules() if isinstance(norm, FrozenRmsNorm)]
    runs: list[nn.Module] = []
    for norm in norms:
        norm.register_forward_hook(lambda module, *_: runs.append(module))
    plain = _kept_bytes(model)
    assert len(runs) == len(norms) == 4
    runs.clear()
    checkpoint_layers(backbone_of(model).eval())  # as it is after loading
    kept = _kept_bytes(model)
    assert len(runs) == 2 * len(norms)
    assert kept < plain / 2


def test_an_evaluation_is_not_checkpointed() -> None:
    model = tiny_model("lora.dropout=0.0")
    with torch.no_grad():
        wanted = target_loss_sum(model, _PIECE)
        checkpoint_layers(backbone_of(model))
        assert torch.equal(target_loss_sum(model, _PIECE), wanted)
