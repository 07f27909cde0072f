"""How a checkpoint's tensors become bytes."""

import pytest
import safetensors.torch
import torch
from torch import Tensor

from medgenius.training.checkpoints import _serialized

_TENSORS = {
    "b/fp32": torch.arange(6.0).view(2, 3),
    "a/quantised": torch.arange(256, dtype=torch.uint8),
    "step": torch.tensor(3.0),
    "none": torch.zeros(0),
    "flags": torch.tensor([True, False]),
    "fp16": torch.tensor([1.5], dtype=torch.float16),
    "counts": torch.tensor([[1, -2]]),
}


@pytest.mark.parametrize("more", [{}, {"bf16": torch.tensor([1.5, -2.0], dtype=torch.bfloat16)}])
def test_the_bytes_are_those_of_safetensors_own_writer(more: dict[str, Tensor]) -> None:
    tensors = _TENSORS | more

    assert _serialized(tensors) == safetensors.torch.save(tensors)
