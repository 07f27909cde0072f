"""Dropout by drawing the few elements that go, instead of one random number for every element that stays.

Drawing Poisson(-N ln(1 - p)) positions uniformly, with repetition, hits each of N elements a Poisson(-ln(1 - p)) number
of times, independently of the others; the chance of no hit is 1 - p. So each element goes with probability p,
independently: what `torch.nn.Dropout` does, at a twentieth of its random numbers for p = 0.05.
"""

import math

import torch
from torch import Tensor

_BITS = {2: torch.int16, 4: torch.int32}


def draw_dropped(x: Tensor, probability: float) -> Tensor | None:
    """Which elements of x go, each with `probability` < 1: flat positions, (n,) int64, some of them repeated.

    Drawn from torch's generator of the device, the number of them from that of the CPU. None where nothing can go.
    """
    if not probability or not x.numel():
        return None
    expected = -x.numel() * math.log1p(-probability)
    hits = int(torch.poisson(torch.tensor(expected, dtype=torch.float64)))
    return torch.randint(x.numel(), (hits,), device=x.device)


def without(x: Tensor, dropped: Tensor | None) -> Tensor:
    """x with the dropped elements at zero, in a tensor of its own unless nothing is dropped."""
    return x if dropped is None else without_(x.clone(memory_format=torch.contiguous_format), dropped)


def without_(x: Tensor, dropped: Tensor | None) -> Tensor:
    """As `without`, in place, on a contiguous tensor."""
    if dropped is None:
        return x
    if x.device.type == "cpu":
        # numpy writes scattered elements six times faster than torch; zero is all bits zero in every float format.
        x.view(_BITS[x.element_size()]).view(-1).numpy()[dropped.numpy()] = 0
        return x
    x.view(-1).index_fill_(0, dropped, 0.0)
    return x
