"""The linear layers of a LLaMA as inference uses them: those that read the same input as one product.

The numbers are those of the model's own modules (`model/projection.py`): the frozen weight in the dtype of the
computation, the adapter beside it and not merged. Merging would round each sum of weight and update to that dtype, and
an update is often smaller than what that leaves out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from weakref import WeakKeyDictionary

import torch
from peft.tuners.lora.layer import LoraLayer
from torch import Tensor, nn
from torch.nn.functional import linear
from transformers import LlamaForCausalLM

from medgenius.model.projection import LowRank, adapted
from medgenius.model.unpacking import affordable, store, stored, weight_of

_ROWS = 32
"""Of the products for which a weight is packed; with more or fewer it serves nearly as well."""
_packed: WeakKeyDictionary[nn.Module, Tensor] = WeakKeyDictionary()
"""By the first of the layers: with the adapter and without it is the same."""


class Product(Protocol):
    """Rows (T, in) -> (T, out)."""

    def __call__(self, x: Tensor) -> Tensor: ...


def multiply(product: Product, x: Tensor) -> Tensor:
    """The product of rows, each with the same bits whatever the others are.

    In bf16 oneDNN sums in one order for two rows or thousands, and in another for a single one: it gets a companion.
    """
    return product(x) if len(x) > 1 else product(x.repeat(2, 1))[:1]


@dataclass(frozen=True, slots=True)
class Adapter:
    """The updates of several layers, side by side."""

    a: Tensor
    """(r of all, in)"""
    b: Tensor
    """(r of all, out of all): a block for each layer, zero elsewhere"""
    scaling: float

    def add_to(self, y: Tensor, x: Tensor) -> Tensor:
        return y.addmm_(linear(x, self.a), self.b, alpha=self.scaling)


@dataclass(frozen=True, slots=True)
class Joined:
    """One weight for all."""

    weight: Tensor
    """(out of all, in)"""
    adapter: Adapter | None

    def __call__(self, x: Tensor) -> Tensor:
        y = linear(x, self.weight)
        return self.adapter.add_to(y, x) if self.adapter else y


@dataclass(frozen=True, slots=True)
class Packed:
    """One weight for all in the order in which oneDNN multiplies, which it would otherwise bring it into at each use:
    with few rows that takes longer than the product. In bf16 the bits of the result are those of `Joined`; in fp32
    torch has that computed by MKL, and the two differ by rounding."""

    weight: Tensor
    """Opaque"""
    adapter: Adapter | None

    def __call__(self, x: Tensor) -> Tensor:
        # torch.compile's own operation: the only one for a weight that is packed once.
        y: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.weight, None, "none", [], "")
        return self.adapter.add_to(y, x) if self.adapter else y


@dataclass(frozen=True, slots=True)
class Separate:
    """4-bit weights that have no copy, for want of memory: unpacked at each use."""

    layers: tuple[nn.Module, ...]
    adapter: Adapter | None

    def __call__(self, x: Tensor) -> Tensor:
        y = torch.cat([linear(x, weight_of(layer, x.dtype)) for layer in self.layers], 1)
        return self.adapter.add_to(y, x) if self.adapter else y


def product_of(layers: Sequence[nn.Module], dtype: torch.dtype, *, pack: bool) -> Product:
    """Of layers that read the same input, as the model stands now: with the adapter unless it is switched off.

    Args:
        pack: as a copy in oneDNN's order; otherwise the weights move to one piece of memory, of which each layer keeps
            its part, so that nothing is there twice
    """
    frozen = tuple(map(_frozen, layers))
    adapter = _adapter_of(layers, frozen, dtype)
    weights = [stored(layer) for layer in frozen]
    if any(weight is None for weight in weights):
        return Separate(frozen, adapter)
    present = [weight for weight in weights if weight is not None]
    return Packed(_pack(frozen, present), adapter) if pack else Joined(_side_by_side(frozen, present), adapter)


def _frozen(layer: nn.Module) -> nn.Linear:
    found = layer.get_base_layer() if isinstance(layer, LoraLayer) else layer
    assert isinstance(found, nn.Linear)
    return found


def _adapter_of(layers: Sequence[nn.Module], frozen: Sequence[nn.Linear], dtype: torch.dtype) -> Adapter | None:
    found = [adapted(layer) for layer in layers]
    low_ranks = [projections.layers[0] if projections else None for projections in found]
    present = [low_rank for low_rank in low_ranks if low_rank]
    if not present:
        return None
    (scaling,) = {low_rank.scaling for low_rank in present}  # one LoRA config for all layers
    blocks = [
        low_rank.b.T if low_rank else present[0].b.new_zeros(0, layer.out_features)
        for low_rank, layer in zip(low_ranks, frozen, strict=True)
    ]
    return Adapter(_stacked_a(present).to(dtype), torch.block_diag(*blocks).to(dtype), scaling)


def _stacked_a(low_ranks: Sequence[LowRank]) -> Tensor:
    return torch.cat([low_rank.a for low_rank in low_ranks])


def _side_by_side(layers: Sequence[nn.Module], weights: Sequence[Tensor]) -> Tensor:
    """The weights as one (out of all, in), into which the layers' own are windows; made at the first call."""
    first, starts = weights[0], [weight.data_ptr() for weight in weights]
    rows = [len(weight) for weight in weights]
    ends = [start + weight.numel() * weight.itemsize for start, weight in zip(starts, weights, strict=True)]
    if starts[1:] == ends[:-1] and len({weight.untyped_storage().data_ptr() for weight in weights}) == 1:
        return first.as_strided((sum(rows), first.shape[1]), first.stride())
    joined = torch.cat(list(weights))
    for layer, part in zip(layers, joined.split(rows), strict=True):
        store(layer, part)
    return joined


def _pack(layers: Sequence[nn.Module], weights: Sequence[Tensor]) -> Tensor:
    if layers[0] not in _packed:
        _packed[layers[0]] = torch.ops.mkldnn._reorder_linear_weight(torch.cat(list(weights)), _ROWS)
    return _packed[layers[0]]


def worth_packing(model: LlamaForCausalLM) -> bool:
    """Whether copies in oneDNN's order serve: on CPU, where the memory for them is free."""
    weight = model.lm_head.weight
    if weight.device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    if weight.dtype == torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return False
    size = sum(layer.in_features * layer.out_features for layer in model.modules() if isinstance(layer, nn.Linear))
    return model.lm_head in _packed or affordable(size * weight.itemsize, weight.device)
