"""The next token from logits: the likeliest, or one drawn from the likeliest."""

from dataclasses import dataclass

import torch
from torch import Tensor

_COLDEST = 1e-6
"""Below it the likeliest token is taken: fp32 can't divide by much less, and draws would hardly differ."""


@dataclass(frozen=True, slots=True)
class Sampling:
    temperature: float
    """Divides the logits; above 0"""
    top_p: float
    """Draw from the likeliest tokens that together have this probability; 1: from all (arXiv:1904.09751)"""
    seed: int
    """The draws of a request depend on it alone, not on what runs beside it."""


class Sampler:
    """The draws of one request."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._generator = torch.Generator().manual_seed(sampling.seed)

    def draw(self, logits: Tensor) -> int:
        """From (vocabulary,) fp32, on any device."""
        logits = logits.cpu()
        likeliest = logits.argmax()
        most = logits[likeliest]
        # Where the model has broken down there is nothing to draw from, and who is answered beside it must not suffer.
        if self._sampling.temperature < _COLDEST or not most.isfinite():
            return int(likeliest)
        scaled = (logits - most) / self._sampling.temperature
        probabilities, tokens = scaled.softmax(0).sort(descending=True, stable=True)
        # A token stays if those before it do not yet make up top_p, so that one always stays.
        before = probabilities.cumsum(0) - probabilities
        kept = probabilities.masked_fill(before >= self._sampling.top_p, 0)
        kept[0] = probabilities[0]
        return int(tokens[torch.multinomial(kept, 1, generator=self._generator)])
