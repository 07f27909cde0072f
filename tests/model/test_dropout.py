"""Dropout by drawn positions is dropout."""

import pytest
import torch

from medgenius.model.dropout import draw_dropped, without, without_


@pytest.mark.parametrize("probability", [0.01, 0.05, 0.5, 0.9])
def test_each_element_goes_with_the_probability_asked_for(probability: float) -> None:
    torch.manual_seed(0)
    x = torch.ones(300, 1001)
    kept = without_(x, draw_dropped(x, probability))
    deviation = (probability * (1 - probability) / kept.numel()) ** 0.5

    assert (kept == 0).double().mean().item() == pytest.approx(probability, abs=5 * deviation)


def test_elements_go_independently_of_each_other() -> None:
    """The number that go varies as a binomial's, and so does the number of neighbours that go together."""
    torch.manual_seed(1)
    count, probability, rounds = 500, 0.3, 4000
    x = torch.ones(count)
    gone = torch.stack([without(x, draw_dropped(x, probability)) == 0 for _ in range(rounds)])
    totals = gone.sum(1).double()
    pairs = (gone[:, :-1] & gone[:, 1:]).double().mean().item()

    assert totals.var().item() == pytest.approx(count * probability * (1 - probability), rel=0.1)
    assert pairs == pytest.approx(probability**2, rel=0.02)


def test_what_goes_depends_on_the_seed_alone() -> None:
    x = torch.ones(1000)
    torch.manual_seed(7)
    first, second = (without(x, draw_dropped(x, 0.3)) for _ in range(2))
    torch.manual_seed(7)

    assert torch.equal(without(x, draw_dropped(x, 0.3)), first)
    assert not torch.equal(first, second)
    assert torch.equal(x, torch.ones(1000))


def test_nothing_goes_without_dropout() -> None:
    x = torch.ones(10)
    assert draw_dropped(x, 0.0) is None
    assert without(x, None) is x


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_zeroing_touches_the_named_elements_alone(dtype: torch.dtype) -> None:
    x = torch.randn(40, 30).to(dtype)
    dropped = torch.tensor([0, 31, 31, 1199])
    wanted = x.clone()
    wanted[0, 0] = wanted[1, 1] = wanted[39, 29] = 0.0

    assert torch.equal(without_(x, dropped), wanted)
