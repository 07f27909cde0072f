"""The loss of a pass: the sum over its target tokens, so that any cut into passes adds up to the same."""

from collections.abc import Callable
from typing import Protocol, cast

import torch
from peft import PeftModel
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

from medgenius.data.steps import Pass
from medgenius.model.adapter import backbone_of

LossSum = Callable[[PeftModel, Pass], Tensor]
"""`target_loss_sum`, or what another back end has in its place."""

_ROWS_CPU = 128
"""Target positions whose logits are in memory at once; on CPU they should stay in the cache."""
_LOGITS = 2**27
"""Logits in memory at once elsewhere: 512 MiB in fp32, and few enough launches."""


def target_loss_sum(model: PeftModel, piece: Pass) -> Tensor:
    """Negative log-likelihood in nats, summed over the target tokens of a pass; a scalar in fp32.

    The head and the softmax see only positions whose next token is a target: of a (T, vocabulary) matrix of logits
    the other rows would be thrown away.
    """
    llama = backbone_of(model)
    hidden = llama.model(
        input_ids=piece.input_ids[None],
        position_ids=piece.position_ids[None],
        use_cache=False,
        layout=piece.layout,
    ).last_hidden_state[0]  # (T, hidden)
    rows, labels = (x.index_select(0, piece.targets) for x in (hidden, piece.labels))
    return cast("Tensor", _HeadLoss.apply(rows, llama.lm_head.weight, labels))  # type: ignore[no-untyped-call]


def _rows_at_once(weight: Tensor) -> int:
    """For a head of (vocabulary, hidden)."""
    return _ROWS_CPU if weight.device.type == "cpu" else max(1, _LOGITS // len(weight))


class _Context(Protocol):
    saved_tensors: tuple[Tensor, ...]
    needs_input_grad: tuple[bool, ...]

    def save_for_backward(self, *tensors: Tensor) -> None: ...


class _HeadLoss(torch.autograd.Function):
    """Cross entropy of a frozen head, summed: a few rows of logits at a time, their gradient made while they are there.

    The gradient of the sum for row i is (softmax(logits_i) - onehot(label_i)) W; it is all that the backward needs, so
    neither logits nor probabilities are kept.
    """

    @staticmethod
    def forward(ctx: _Context, hidden: Tensor, weight: Tensor, labels: Tensor) -> Tensor:
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        wanted = ctx.needs_input_grad[0]
        grad = torch.empty_like(hidden) if wanted else None
        at_once = _rows_at_once(weight)
        for start in range(0, len(labels), at_once):
            rows = slice(start, start + at_once)
            target = labels[rows, None]
            logits = linear(hidden[rows], weight).float()  # (rows, vocabulary)
            at_target = logits.gather(1, target)
            logits -= logits.amax(1, keepdim=True)
            shifted = logits.gather(1, target)
            sums = logits.exp_().sum(1, keepdim=True)
            total += (sums.log() - shifted).sum()
            if grad is not None:
                probabilities = logits.div_(sums)
                probabilities.scatter_add_(1, target, torch.full_like(at_target, -1.0))
                torch.mm(probabilities.to(weight.dtype), weight, out=grad[rows])
        if grad is not None:
            ctx.save_for_backward(grad)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: _Context, upstream: Tensor) -> tuple[Tensor, None, None]:
        (grad,) = ctx.saved_tensors
        return (grad.float() * upstream).to(grad.dtype), None, None
