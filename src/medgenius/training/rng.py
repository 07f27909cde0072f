"""The random generators of one process as tensors: Python's, numpy's, torch's on CPU and on CUDA."""

import random

import numpy
import torch
from torch import Tensor

RandomState = dict[str, Tensor]


def random_state() -> RandomState:
    version, words, gauss = random.getstate()
    assert version == 3, "Python's generator has changed its state"
    kind, keys, position, has_gauss, cached = numpy.random.get_state(legacy=True)
    assert kind == "MT19937"
    state = {
        "python": torch.tensor(words),
        "python_gauss": torch.tensor([] if gauss is None else [gauss], dtype=torch.float64),
        "numpy": torch.from_numpy(numpy.asarray(keys, dtype=numpy.int64).copy()),
        "numpy_position": torch.tensor([position, has_gauss]),
        "numpy_gauss": torch.tensor([cached], dtype=torch.float64),
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def set_random_state(state: RandomState) -> None:
    """Undo what was drawn since `random_state` gave `state`."""
    gauss = state["python_gauss"].tolist()
    random.setstate((3, tuple(state["python"].tolist()), gauss[0] if gauss else None))
    keys = state["numpy"].numpy().astype(numpy.uint32)
    position, has_gauss = state["numpy_position"].tolist()
    numpy.random.set_state(("MT19937", keys, position, has_gauss, state["numpy_gauss"].item()))
    torch.set_rng_state(state["torch"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
