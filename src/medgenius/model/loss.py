"""The loss of a pass: the sum over its target tokens, so that any cut into passes adds up to the same."""

from collections.abc import Callable
from typing import Protocol, cast

import torch
from peft import PeftModel
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear, pad

from medgenius.data.steps import IGNORE, Layout, Pass
from medgenius.model.adapter import backbone_of
from medgenius.model.kernels import softmax_and_loss

LossSum = Callable[[PeftModel, Pass], Tensor]
"""`target_loss_sum`, or what another back end has in its place."""

_ROWS_CPU = 256
"""Target positions whose logits are in memory at once."""
_ROUND = 32
"""Rows and targets of a pass are a multiple of it on CPU: see `_rounded`."""
_LOGITS = 2**27
"""Logits in memory at once elsewhere: 256 MiB in bf16, and few enough launches."""


def target_loss_sum(model: PeftModel, piece: Pass) -> Tensor:
    """Negative log-likelihood in nats, summed over the target tokens of a pass; a scalar in fp32.

    The last layer, the head and the softmax see only positions whose next token is a target: of a (T, vocabulary)
    matrix of logits the other rows would be thrown away.
    """
    llama = backbone_of(model)
    count = len(piece.targets)
    row = _rounded(piece) if piece.input_ids.device.type == "cpu" else piece
    hidden = llama.model(
        input_ids=row.input_ids[None],
        position_ids=row.position_ids[None],
        use_cache=False,
        layout=row.layout,
        needed=row.targets,
    ).last_hidden_state[0, :count]  # (targets, hidden)
    labels = piece.labels.index_select(0, piece.targets)
    return cast("Tensor", _HeadLoss.apply(hidden, llama.lm_head.weight, labels))  # type: ignore[no-untyped-call]


def _rounded(piece: Pass) -> Pass:
    """The pass with as many rows, and as many targets, as a multiple of `_ROUND`.

    oneDNN prepares code for each new shape of a matrix product and keeps a thousand of them. Passes of any length would
    have it prepare anew in each step, which takes longer than these rows: a dialogue that nobody reads, and positions
    whose output is not used.
    """
    rows, targets = (-count % _ROUND for count in (len(piece.input_ids), len(piece.targets)))
    lengths = piece.layout.lengths
    return Pass(
        input_ids=pad(piece.input_ids, (0, rows)),
        position_ids=pad(piece.position_ids, (0, rows)),
        labels=pad(piece.labels, (0, rows), value=IGNORE),
        targets=pad(piece.targets, (0, targets)),
        layout=Layout(piece.layout.prefix, (*lengths, rows) if rows else lengths),
    )


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
            probabilities, losses = softmax_and_loss(linear(hidden[rows], weight), target)
            total += losses.sum()
            if grad is not None:
                # p - 1 in fp32: near 1, bf16 has no digits left for what is wanted.
                probabilities.scatter_(1, target, torch.expm1(-losses).to(probabilities.dtype))
                torch.mm(probabilities, weight, out=grad[rows])
        if grad is not None:
            ctx.save_for_backward(grad)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: _Context, upstream: Tensor) -> tuple[Tensor, None, None]:
        (grad,) = ctx.saved_tensors
        return (grad.float() * upstream).to(grad.dtype), None, None
