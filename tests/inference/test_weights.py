"""The products of inference: the bits of a row don't depend on the rows beside it, nor on the order of the weight."""

import pytest
import torch
from torch import nn
from torch.nn.functional import linear

from medgenius.inference.attending import _attend, _mask
from medgenius.inference.weights import Joined, Packed, multiply, product_of

packs = pytest.mark.skipif(not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="no bf16 products on this CPU")
SHAPES = [(576, 576), (192, 576), (1536, 576), (576, 1536), (259, 64), (2048, 2048)]
"""Of the embedded model's layers, (out, in), of the tiny one's head, and of a larger model, where a single row differs
in places without its companion"""


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@packs
@pytest.mark.parametrize(("out", "inner"), SHAPES)
@torch.inference_mode()
def test_a_row_has_the_same_bits_with_any_others(out: int, inner: int) -> None:
    layer = nn.Linear(inner, out, bias=False, dtype=torch.bfloat16)
    product = product_of([layer], torch.bfloat16, pack=True)
    assert isinstance(product, Packed)
    x = torch.randn(160, inner, dtype=torch.bfloat16)
    whole = linear(x, layer.weight)
    for rows in (1, 2, 3, 7, 16, 31, 32, 33, 64, 160):
        assert torch.equal(multiply(product, x[:rows]), whole[:rows])
        assert torch.equal(multiply(product, x[-rows:]), whole[-rows:])


@pytest.mark.parametrize(("out", "inner"), SHAPES)
@torch.inference_mode()
def test_a_packed_weight_in_fp32_gives_the_product_to_rounding(out: int, inner: int) -> None:
    layer = nn.Linear(inner, out, bias=False)
    product = product_of([layer], torch.float32, pack=True)
    assert isinstance(product, Packed)
    x = torch.randn(33, inner)
    exact = x.double() @ layer.weight.double().T
    for rows in (1, 2, 7, 33):
        assert torch.allclose(multiply(product, x[:rows]).double(), exact[:rows], rtol=0, atol=1e-5)


@packs
@torch.inference_mode()
def test_attention_has_the_same_bits_with_any_other_rows_and_keys() -> None:
    """Alone, in a prompt from any place on, with more masked keys, among other sequences."""
    keys, values, query = (torch.randn(3, 512, 64, dtype=torch.bfloat16) * 2 for _ in range(3))
    for place in (5, 100, 333):
        only = torch.tensor([place])
        alone = _attend(query[:, place : place + 1], keys, values, _mask(only, place + 1, keys)[None])
        for start, stop, seen in [(0, place + 1, place + 1), (place - 5, place + 9, 400), (place, place + 1, 512)]:
            mask = _mask(torch.arange(start, stop), max(seen, stop), keys)[None]
            rows = _attend(query[:, start:stop], keys, values, mask)
            assert torch.equal(rows[:, place - start], alone[:, 0])
        queries, many_keys, many_values = (x.repeat(5, 1, 1) for x in (query[:, place : place + 1], keys, values))
        of_many = _attend(queries, many_keys, many_values, _mask(only.repeat(5), place + 1, keys)[:, None])
        assert torch.equal(of_many[6:9], alone)


def test_joined_weights_are_where_the_layers_had_theirs() -> None:
    layers = [nn.Linear(8, out, bias=False) for out in (4, 2, 6)]
    before = [layer.weight.detach().clone() for layer in layers]

    first, second = (product_of(layers, torch.float32, pack=False) for _ in range(2))

    assert isinstance(first, Joined)
    assert isinstance(second, Joined)
    assert first.weight.data_ptr() == second.weight.data_ptr() == layers[0].weight.data_ptr()
    assert all(torch.equal(layer.weight, weight) for layer, weight in zip(layers, before, strict=True))
    assert torch.equal(first.weight, torch.cat(before))
