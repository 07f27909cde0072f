"""The head's loss, whatever number of rows it takes at once."""

import pytest
import torch

from medgenius.data.steps import Pass
from medgenius.model import loss
from medgenius.model.loss import target_loss_sum
from tests.support import random_examples, tiny_model


def test_the_rows_at_once_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_model("lora.dropout=0.0")
    piece = Pass.of(random_examples((5, 40), (9, 61), prefix=3))
    found = []
    for rows in (5, 37, 101, 1000):
        monkeypatch.setattr(loss, "_ROWS_CPU", rows)
        model.zero_grad()
        value = target_loss_sum(model, piece)
        value.backward()
        found.append((value, torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])))
    for value, gradient in found[1:]:
        torch.testing.assert_close(value, found[0][0], rtol=1e-6, atol=0.0)
        assert (gradient - found[0][1]).norm() < 1e-5 * gradient.norm()


@pytest.mark.parametrize(("vocabulary", "rows"), [(49_152, 2730), (128_256, 1046)])
def test_a_gpu_takes_half_a_gibibyte_of_logits_at_once(vocabulary: int, rows: int) -> None:
    assert loss._rows_at_once(torch.empty(vocabulary, 8, device="meta")) == rows
