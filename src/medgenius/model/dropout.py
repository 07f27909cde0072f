"""Dropout by drawing the few elements that go, instead of one random number for every element that stays.

Drawing Poisson(-N ln(1 - p)) positions uniformly, with repetition, hits each of N elements a Poisson(-ln(1 - p)) number
of times, independently of the others; the chance of no hit is 1 - p. So each element goes with probability p,
independently: what `torch.nn.Dropout` does, at a twentieth of its random numbers for p = 0.05.
"""

import math

import torch
from torch import Tensor

_BITS = {2: torch.int16, 4: torch.int32}


def draw_dropped(count: int, probability: float, device: torch.device) -> Tensor:
    """Positions to zero among `count` elements, each with `probability` < 1; (n,) int64, some of them repeated.

    Drawn from torch's generator of the device, the number of them from that of the CPU.
    """
    expected = -count * math.log1p(-probability)
    hits = int(torch.poisson(torch.tensor(expected, dtype=torch.float64)))
    return torch.randint(count, (hits,), device=device)


def zero_(x: Tensor, dropped: Tensor) -> Tensor:
    """Set the elements at flat positions `dropped` of a contiguous tensor to zero, in place."""
    if x.device.type == "cpu":
        # numpy writes scattered elements six times faster than torch; zero is all bits zero in every float format.
        x.view(_BITS[x.element_size()]).view(-1).numpy()[dropped.numpy()] = 0
        return x
    return x.view(-1).index_fill_(0, dropped, 0.0).view(x.shape)
