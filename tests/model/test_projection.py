"""The adapter's own forward pass against PEFT's."""

import pytest
import torch
from peft.tuners.lora.bnb import Linear4bit
from peft.tuners.lora.layer import Linear
from torch import Tensor, nn

from medgenius.model.projection import Projection, Projection4bit, dropout
from tests.support import tiny_model


@pytest.mark.parametrize(
    ("quantization", "ours", "theirs"), [("none", Projection, Linear), ("nf4", Projection4bit, Linear4bit)]
)
def test_projection_equals_pefts_own_layer(quantization: str, ours: type[nn.Module], theirs: type[nn.Module]) -> None:
    model = tiny_model(f"model.quantization={quantization}", "lora.dropout=0.0")
    layers = [layer for layer in model.modules() if isinstance(layer, ours)]
    assert len(layers) == 14  # two blocks of seven
    for layer in layers:
        (_, in_features) = layer.get_parameter("lora_A.default.weight").shape
        x = torch.randn(1, 9, in_features, requires_grad=True)
        parameters = [x, *(layer.get_parameter(f"lora_{side}.default.weight") for side in "AB")]

        def result(y: Tensor, parameters: list[Tensor] = parameters) -> list[Tensor]:
            return [y, *torch.autograd.grad(y.square().sum(), parameters)]

        for found, wanted in zip(result(layer(x)), result(theirs.forward(layer, x)), strict=True):
            torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)


def test_disabled_adapter_gives_the_base_model() -> None:
    model = tiny_model()
    layer = next(layer for layer in model.modules() if isinstance(layer, Projection4bit))
    x = torch.randn(1, 5, layer.get_parameter("lora_A.default.weight").shape[1])
    assert not torch.equal(layer(x), layer.get_base_layer()(x))
    with model.disable_adapter():
        assert torch.equal(layer(x), layer.get_base_layer()(x))


@pytest.mark.parametrize("probability", [0.05, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_dropout_drops_its_share_and_scales_the_rest(probability: float, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    x = torch.ones(300, 1001, dtype=dtype, requires_grad=True)
    y = dropout(x, probability)
    zeros = (y == 0).double().mean().item()
    deviation = (probability * (1 - probability) / x.numel()) ** 0.5
    assert zeros == pytest.approx(probability, abs=5 * deviation + 1 / 65536)
    assert y[y != 0].unique().item() == pytest.approx(
        1 / (1 - probability), rel=4e-3 if dtype == torch.bfloat16 else 2e-4
    )
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert torch.equal(gradient, y)  # of ones: what was scaled passes the same scale back


def test_dropout_depends_on_the_seed_alone() -> None:
    x = torch.ones(64, 33)
    torch.manual_seed(7)
    first, second = dropout(x, 0.3), dropout(x, 0.3)
    torch.manual_seed(7)
    assert torch.equal(dropout(x, 0.3), first)
    assert not torch.equal(first, second)
