"""A pass on CUDA: the same loss and gradients as on CPU, and a host that does not wait."""

from collections.abc import Iterator

import pytest
import torch
from peft import PeftModel
from torch import Tensor

from medgenius.data.steps import Pass, Step
from medgenius.model.loss import target_loss_sum
from tests.support import random_examples, tiny_model

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is visible here")

_EXAMPLES = random_examples((3, 5), (40, 2), (1, 1), (17, 60), (300, 180), prefix=33)


def _result(model: PeftModel, piece: Pass) -> tuple[Tensor, Tensor]:
    """Loss, and all gradients in one row."""
    model.zero_grad()
    loss = target_loss_sum(model, piece)
    loss.backward()
    return loss.detach().cpu(), torch.cat([p.grad.flatten().cpu() for p in model.parameters() if p.grad is not None])


@pytest.mark.parametrize("quantization", ["none", "nf4"])
@pytest.mark.parametrize(
    ("dtype", "loss_error", "gradient_error"),
    [(torch.float32, 1e-5, 1e-4), (torch.bfloat16, 1e-2, 5e-2), (torch.float16, 2e-3, 1e-2)],
)
def test_a_pass_on_cuda_equals_one_on_cpu_in_fp32(
    quantization: str, dtype: torch.dtype, loss_error: float, gradient_error: float
) -> None:
    settings = ("lora.dropout=0.0", f"model.quantization={quantization}")
    piece = Pass.of(_EXAMPLES)
    wanted = _result(tiny_model(*settings), piece)
    found = _result(tiny_model(*settings, dtype=dtype, device="cuda"), piece.to(torch.device("cuda")))
    torch.testing.assert_close(found[0], wanted[0], rtol=loss_error, atol=0.0)
    assert (found[1] - wanted[1]).norm() <= gradient_error * wanted[1].norm()


@pytest.fixture
def _default_again() -> Iterator[None]:
    yield
    torch.cuda.set_sync_debug_mode("default")


@pytest.mark.usefixtures("_default_again")
def test_the_host_waits_for_no_pass() -> None:
    model = tiny_model(dtype=torch.bfloat16, device="cuda")  # with dropout
    target_loss_sum(model, Pass.of(_EXAMPLES).to(torch.device("cuda"))).backward()  # kernels are loaded
    torch.cuda.set_sync_debug_mode("error")
    passes = list(Step(tuple(_EXAMPLES)).passes(400, torch.device("cuda")))
    assert len(passes) > 1
    for piece in passes:
        target_loss_sum(model, piece).backward()
