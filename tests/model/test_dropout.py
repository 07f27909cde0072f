"""Dropout by drawn positions is dropout."""

import pytest
import torch

from medgenius.model.dropout import draw_dropped, zero_

CPU = torch.device("cpu")


@pytest.mark.parametrize("probability", [0.01, 0.05, 0.5, 0.9])
def test_each_element_goes_with_the_probability_asked_for(probability: float) -> None:
    torch.manual_seed(0)
    kept = zero_(torch.ones(300, 1001), draw_dropped(300_300, probability, CPU))
    deviation = (probability * (1 - probability) / kept.numel()) ** 0.5

    assert (kept == 0).double().mean().item() == pytest.approx(probability, abs=5 * deviation)


def test_elements_go_independently_of_each_other() -> None:
    """The number that go varies as a binomial's, and so does the number of neighbours that go together."""
    torch.manual_seed(1)
    count, probability, rounds = 500, 0.3, 4000
    gone = torch.stack([zero_(torch.ones(count), draw_dropped(count, probability, CPU)) == 0 for _ in range(rounds)])
    totals = gone.sum(1).double()
    pairs = (gone[:, :-1] & gone[:, 1:]).double().mean().item()

    assert totals.var().item() == pytest.approx(count * probability * (1 - probability), rel=0.1)
    assert pairs == pytest.approx(probability**2, rel=0.02)


def test_positions_depend_on_the_seed_alone() -> None:
    torch.manual_seed(7)
    first, second = draw_dropped(1000, 0.3, CPU), draw_dropped(1000, 0.3, CPU)
    torch.manual_seed(7)

    assert torch.equal(draw_dropped(1000, 0.3, CPU), first)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_zeroing_touches_the_named_elements_alone(dtype: torch.dtype) -> None:
    x = torch.randn(40, 30).to(dtype)
    dropped = torch.tensor([0, 31, 31, 1199])
    wanted = x.clone()
    wanted[0, 0] = wanted[1, 1] = wanted[39, 29] = 0.0

    assert torch.equal(zero_(x, dropped), wanted)
