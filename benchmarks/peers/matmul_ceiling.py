"""The base matrix products of a step alone, in bf16: what no training of all its real tokens could beat.

For each real token, a prefix counted in every dialogue: the seven projections of all layers forward, and the gradient
of their inputs. For each target token: the same of the head. In passes of `batch` tokens, into memory that is there.
"""

import json
import time
from pathlib import Path

import torch
from torch import Tensor

from peers.job import Job
from peers.meter import Meter


class Products:
    """Weights (out, in) of a LLaMA's shape, and the buffers of a pass."""

    def __init__(self, job: Job) -> None:
        shape = json.loads((Path(job.model) / "config.json").read_text(encoding="utf-8"))
        hidden, inner = shape["hidden_size"], shape["intermediate_size"]
        head = hidden // shape["num_attention_heads"]
        kv = shape["num_key_value_heads"] * head
        block = [(hidden, hidden), (kv, hidden), (kv, hidden), (hidden, hidden)]
        block += [(inner, hidden), (inner, hidden), (hidden, inner)]
        self.rows = job.batch
        self.layers = [self._random(job, *size) for _ in range(shape["num_hidden_layers"]) for size in block]
        self.head = self._random(job, shape["vocab_size"], hidden)
        widths = {width for weight in (*self.layers, self.head) for width in weight.shape}
        self._read, self._written = ({w: self._random(job, self.rows, w) for w in widths} for _ in range(2))

    @staticmethod
    def _random(job: Job, *size: int) -> Tensor:
        return torch.randn(size, dtype=torch.bfloat16, device=job.device)

    def step(self, real: int, target: int) -> None:
        """Forward and backward, pass by pass."""
        for first in range(0, real, self.rows):
            rows = min(self.rows, real - first)
            for weight in self.layers:
                self._forward(weight, rows)
            for weight in reversed(self.layers):
                self._backward(weight, rows)
        for first in range(0, target, self.rows):
            rows = min(self.rows, target - first)
            self._forward(self.head, rows)
            self._backward(self.head, rows)

    def _forward(self, weight: Tensor, rows: int) -> None:
        wide, narrow = weight.shape
        torch.mm(self._read[narrow][:rows], weight.T, out=self._written[wide][:rows])

    def _backward(self, weight: Tensor, rows: int) -> None:
        wide, narrow = weight.shape
        torch.mm(self._read[wide][:rows], weight, out=self._written[narrow][:rows])

    def flops(self, real: int, target: int) -> float:
        return 4.0 * (real * sum(weight.numel() for weight in self.layers) + target * self.head.numel())


def card_flops_per_second(size: int = 8192, times: int = 20) -> float:
    """The best of a few large products on CUDA."""
    a, b = (torch.randn(size, size, dtype=torch.bfloat16, device="cuda") for _ in range(2))
    out = torch.empty_like(a)
    best = 0.0
    for _ in range(times):
        torch.cuda.synchronize()
        start = time.perf_counter()
        torch.mm(a, b, out=out)
        torch.cuda.synchronize()
        best = max(best, 2 * size**3 / (time.perf_counter() - start))
    return best


@torch.no_grad()
def main(job: Job) -> None:
    meter = Meter(job)
    products = Products(job)
    meter.model_loaded()
    flops = 0.0
    for number, rows in enumerate(job.steps):
        real, target = sum(len(row.ids) for row in rows), sum(len(row.ids) - row.prompt for row in rows)
        products.step(real, target)
        flops += products.flops(real, target) if number >= job.warmup else 0.0
        meter.step_done()
    peak = card_flops_per_second() if job.device == "cuda" else None
    meter.report(f"passes of {job.batch} tokens", (), flops, peak)


if __name__ == "__main__":
    main(Job.from_command_line())
