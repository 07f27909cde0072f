"""The adapter's own forward and backward against PEFT's."""

import pytest
import torch
from peft.tuners.lora.bnb import Linear4bit
from peft.tuners.lora.layer import Linear
from torch import Tensor, nn

from medgenius.model.dropout import draw_dropped, without
from medgenius.model.projection import Projection, Projection4bit
from medgenius.model.unpacking import has_copy
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


@pytest.mark.parametrize("quantization", ["none", "nf4"])
def test_gradients_with_dropout_are_those_of_the_same_mask_in_plain_operations(quantization: str) -> None:
    model = tiny_model(f"model.quantization={quantization}", "lora.dropout=0.3")
    layer = next(layer for layer in model.modules() if isinstance(layer, Projection4bit | Projection)).train()
    a, b = (layer.get_parameter(f"lora_{side}.default.weight") for side in "AB")
    x = torch.randn(1, 11, a.shape[1], requires_grad=True)

    torch.manual_seed(5)
    found = layer(x)
    torch.manual_seed(5)
    kept = without(torch.ones_like(x), draw_dropped(x, 0.3))
    frozen = layer.get_base_layer()
    wanted = frozen(x) + layer.scaling["default"] * (x * kept / 0.7) @ a.T @ b.T

    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)
    for mine, plain in zip(
        torch.autograd.grad(found.square().sum(), (x, a, b)),
        torch.autograd.grad(wanted.square().sum(), (x, a, b)),
        strict=True,
    ):
        torch.testing.assert_close(mine, plain, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_with_or_without_a_copy_of_the_weights_the_result_is_the_same(dtype: torch.dtype) -> None:
    with_copy, without = (
        tiny_model("lora.dropout=0.0", f"model.cache_dequantized={cached}", dtype=dtype) for cached in ("true", "false")
    )
    pairs = [
        (one, other)
        for one, other in zip(with_copy.modules(), without.modules(), strict=True)
        if isinstance(one, Projection4bit) and isinstance(other, Projection4bit)
    ]
    assert len(pairs) == 14
    for one, other in pairs:
        assert has_copy(one.get_base_layer())
        assert not has_copy(other.get_base_layer())
        x = torch.randn(1, 7, one.get_parameter("lora_A.default.weight").shape[1], dtype=dtype)
        assert torch.equal(one(x), other(x))
        with torch.no_grad():
            torch.testing.assert_close(one(x), other(x))
    assert with_copy.state_dict().keys() == without.state_dict().keys()
