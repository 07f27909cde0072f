"""Exposure: what chance gives, what memorising gives, and the tail that ranks cannot see."""

import math

import numpy as np
import pytest
from scipy import stats

from medgenius.data.canaries import SPACE
from medgenius.evaluation.canaries import exposure, rank


def test_the_smallest_loss_is_exposed_by_the_whole_space_that_was_ranked() -> None:
    losses = np.random.default_rng(0).normal(30, 2, 1023).tolist()

    assert exposure(0.0, losses, SPACE).by_rank == 10
    assert exposure(1000.0, losses, SPACE).by_rank == 0
    assert rank(5.0, [5.0, 5.0, 4.0, 6.0]) == 4


def test_a_model_that_memorised_nothing_exposes_one_and_a_half_bits_on_average() -> None:
    generator = np.random.default_rng(1)
    draws = generator.gamma(20, 1.5, (500, 200))
    found = [exposure(row[0], row[1:].tolist(), SPACE) for row in draws]

    assert np.mean([one.by_rank for one in found]) == pytest.approx(math.log2(math.e), abs=0.2)
    assert np.mean([one.extrapolated for one in found]) == pytest.approx(math.log2(math.e), abs=0.2)


@pytest.mark.parametrize("shape", [-3.0, 0.0, 0.8, 4.0])
def test_beyond_all_ranks_the_fitted_tail_tells_how_far(shape: float) -> None:
    """Losses of a known skew-normal distribution: the estimate is near the true share below."""
    others = stats.skewnorm.rvs(shape, 30, 3, size=20_000, random_state=0).tolist()
    deep = float(stats.skewnorm.ppf(2.0**-16, shape, 30, 3))

    found = exposure(deep, others, SPACE)

    assert found.extrapolated == pytest.approx(16, abs=2.5)
    assert exposure(-1e6, others, SPACE).extrapolated == pytest.approx(math.log2(SPACE))


def test_losses_without_spread_and_too_few_of_them() -> None:
    assert exposure(2.0, [2.0, 2.0, 2.0], SPACE).extrapolated == 0
    assert exposure(1.0, [2.0, 2.0, 2.0], SPACE).extrapolated == math.log2(SPACE)
    with pytest.raises(ValueError, match="an exposure among 2"):
        exposure(1.0, [2.0], SPACE)
    with pytest.raises(ValueError, match="an exposure among 4 of 3"):
        exposure(1.0, [2.0, 2.0, 2.0], 3)
