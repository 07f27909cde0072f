"""A model twice over one set of weights."""

import copy
from typing import TypeVar

from bitsandbytes.functional import QuantState
from torch import Tensor, nn

M = TypeVar("M", bound=nn.Module)


def with_same_weights(model: M) -> M:
    """A tree of modules of its own over the same parameters and buffers.

    An adapter wraps the layers that it is added to and puts modules of ours in their place (adapter.py): it can have
    this tree, and the model stays as it was loaded. No tensor is copied.
    """
    shared: dict[int, object] = {}
    for module in model.modules():
        for held in (*module._parameters.values(), *module._buffers.values(), *vars(module).values()):
            if isinstance(held, Tensor | QuantState):
                shared[id(held)] = held
    return copy.deepcopy(model, shared)
