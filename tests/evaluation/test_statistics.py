"""Intervals and tests: against scipy and statsmodels, and against a truth that is known because it was simulated."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_confint

from medgenius.evaluation.statistics import (
    Interval,
    holm,
    mcnemar,
    minimum_detectable_effect,
    paired_bootstrap,
    proportion_interval,
    reach,
    sign_flip_test,
)

F64 = NDArray[np.float64]


def skewed_pairs(generator: np.random.Generator, count: int, effect: float) -> tuple[F64, F64]:
    """Scores of two systems on the same items; the differences are skewed and have mean `effect`."""
    base = generator.normal(size=count)
    return base, base + effect + generator.gamma(2.0, 0.5, size=count) - 1.0


@pytest.mark.parametrize("count", [7, 30, 300])
def test_an_interval_is_that_of_scipy_for_the_same_seed(count: int) -> None:
    base, tuned = skewed_pairs(np.random.default_rng(count), count, 0.3)

    ours = paired_bootstrap(base.tolist(), tuned.tolist(), seed=5)

    theirs = stats.bootstrap(
        (tuned - base,),
        np.mean,
        n_resamples=10_000,
        method="BCa",
        confidence_level=1 - 2 * stats.norm.sf(reach(count)),
        rng=np.random.default_rng(5),
    ).confidence_interval
    assert ours.difference == pytest.approx((tuned - base).mean(), rel=1e-14)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9, abs=1e-12)


def test_where_bca_is_not_defined_the_percentiles_stand() -> None:
    assert paired_bootstrap([0.0], [0.7]) == Interval(0.7, 0.7, 0.7)
    assert paired_bootstrap([0.0, 0.0], [1.0, 2.0], clusters=["a", "a"]) == Interval(1.5, 1.5, 1.5)


def test_few_clusters_reach_further() -> None:
    assert reach(2) == pytest.approx(2**0.5 * stats.t.ppf(0.975, 1))
    assert reach(10**7) == pytest.approx(stats.norm.ppf(0.975), rel=1e-6)
    assert paired_bootstrap([0.0, 0.0], [1.0, 2.0]) == Interval(1.5, 1.0, 2.0)


def test_portions_change_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    base, tuned = skewed_pairs(np.random.default_rng(1), 50, 0.1)
    whole = paired_bootstrap(base.tolist(), tuned.tolist()), sign_flip_test(base.tolist(), tuned.tolist())

    monkeypatch.setattr("medgenius.evaluation.statistics._AT_ONCE", 777)

    assert (paired_bootstrap(base.tolist(), tuned.tolist()), sign_flip_test(base.tolist(), tuned.tolist())) == whole


def clustered_pairs(generator: np.random.Generator, effect: float) -> tuple[list[float], list[float], list[int]]:
    """80 clusters of one to six items that mostly share their difference."""
    sizes = generator.integers(1, 7, 80)
    clusters = np.repeat(np.arange(80), sizes)
    shared = generator.normal(effect, 1.0, 80)[clusters]
    base = generator.normal(size=len(clusters))
    return base.tolist(), (base + shared + generator.normal(0, 0.2, len(clusters))).tolist(), clusters.tolist()


def coverage(studies: int, resamples: int, *, clustered: bool, use_clusters: bool = True) -> float:
    """How often the interval of a simulated study holds the true difference."""
    held = 0
    for study in range(studies):
        generator = np.random.default_rng(study)
        if clustered:
            base, tuned, clusters = clustered_pairs(generator, 0.4)
        else:
            values = skewed_pairs(generator, 120, 0.4)
            base, tuned, clusters = values[0].tolist(), values[1].tolist(), list(range(120))
        found = paired_bootstrap(base, tuned, clusters if use_clusters else None, resamples, seed=study)
        held += found.low <= 0.4 <= found.high
    return held / studies


@pytest.mark.parametrize("clustered", [False, True])
def test_the_interval_holds_the_truth_in_19_of_20_studies(clustered: bool) -> None:
    assert 0.93 <= coverage(1000, 1000, clustered=clustered) <= 0.97


def test_taking_copies_for_independent_items_would_be_too_sure() -> None:
    assert coverage(300, 500, clustered=True, use_clusters=False) < 0.85


@pytest.mark.slow
@pytest.mark.parametrize("clustered", [False, True])
def test_the_interval_holds_the_truth_in_19_of_20_studies_at_full_length(clustered: bool) -> None:
    assert 0.93 <= coverage(2000, 10_000, clustered=clustered) <= 0.97


def test_a_system_against_itself_has_no_difference_and_no_width() -> None:
    scores = np.random.default_rng(0).normal(size=40).tolist()

    found = paired_bootstrap(scores, scores)

    assert (found.difference, found.low, found.high) == (0, 0, 0)
    assert sign_flip_test(scores, scores) == 1
    assert minimum_detectable_effect(scores, scores) == 0


def test_two_equal_systems_are_told_apart_as_rarely_as_stated() -> None:
    """A/A: answers of one system, drawn twice. Eight metrics, of which none may be flagged in 95 of 100 studies."""
    single = family = 0
    studies, metrics = 400, 8
    for study in range(studies):
        generator = np.random.default_rng(study)
        base, again = generator.normal(size=(2, metrics, 60)) + generator.normal(size=(1, metrics, 60))
        p_values = [sign_flip_test(base[k].tolist(), again[k].tolist(), resamples=399, seed=k) for k in range(metrics)]
        single += p_values[0] < 0.05
        family += min(holm(p_values)) < 0.05
    assert 0.03 <= single / studies <= 0.07
    assert 0.02 <= family / studies <= 0.07


def test_a_sign_flip_test_over_all_signs_is_that_of_scipy() -> None:
    generator = np.random.default_rng(3)
    base, tuned = generator.normal(size=14), generator.normal(0.6, 1, size=14)

    exact = stats.permutation_test(
        (base, tuned), lambda a, b: np.mean(b - a), permutation_type="samples", n_resamples=np.inf
    ).pvalue

    assert sign_flip_test(base.tolist(), tuned.tolist(), resamples=200_000) == pytest.approx(exact, abs=0.003)


def test_signs_are_flipped_cluster_by_cluster() -> None:
    base, tuned = [0.0] * 30, [1.0] * 30

    assert sign_flip_test(base, tuned) < 0.001
    assert sign_flip_test(base, tuned, clusters=[0] * 30) == 1
    assert sign_flip_test(base, tuned, clusters=[k // 10 for k in range(30)]) == pytest.approx(0.25, abs=0.02)


@given(b=st.integers(0, 60), c=st.integers(0, 60))
def test_mcnemar_is_that_of_statsmodels(b: int, c: int) -> None:
    theirs = statsmodels_mcnemar([[3, b], [c, 4]], exact=True).pvalue

    assert mcnemar(b, c) == pytest.approx(theirs, rel=1e-10)


@given(b=st.integers(0, 60), c=st.integers(0, 60))
def test_mid_p_counts_half_of_the_observed_table(b: int, c: int) -> None:
    fewer, count = min(b, c), b + c
    theirs = min(1.0, 2 * stats.binom.cdf(fewer, count, 0.5) - stats.binom.pmf(fewer, count, 0.5))

    assert mcnemar(b, c, mid_p=True) == pytest.approx(theirs, rel=1e-9)


def test_mcnemar_of_many_pairs_neither_overflows_nor_takes_long() -> None:
    assert mcnemar(5100, 4900) == pytest.approx(2 * stats.binom.cdf(4900, 10_000, 0.5), rel=1e-9)
    assert mcnemar(10_000, 0) == 0
    with pytest.raises(ValueError, match="can't be counted"):
        mcnemar(-1, 4)


@pytest.mark.parametrize(
    "p_values",
    [[0.04], [0.0, 1.0, 5e-324], [0.02] * 4, [0.01, 0.04, 0.03], np.random.default_rng(0).beta(0.3, 2, 40).tolist()],
)
def test_holm_is_that_of_statsmodels(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1], rel=1e-12)


def test_the_minimum_detectable_effect_is_that_of_statsmodels() -> None:
    base, tuned = skewed_pairs(np.random.default_rng(0), 200, 0.0)
    size = NormalIndPower(ddof=0).solve_power(nobs1=200, alpha=0.05, power=0.8, ratio=0)

    expected = size * (tuned - base).std(ddof=1)
    assert minimum_detectable_effect(base.tolist(), tuned.tolist()) == pytest.approx(expected, rel=1e-5)


def test_an_effect_of_that_size_is_found_in_four_of_five_studies() -> None:
    effect = minimum_detectable_effect([0.0] * 100, np.random.default_rng(9).normal(size=100).tolist())
    effect /= np.random.default_rng(9).normal(size=100).std(ddof=1)
    found = 0
    for study in range(400):
        tuned = np.random.default_rng(study).normal(effect, 1, size=100)
        found += sign_flip_test([0.0] * 100, tuned.tolist(), resamples=499) < 0.05
    assert 0.74 <= found / 400 <= 0.86


def test_copies_of_items_make_nothing_detectable() -> None:
    base, tuned = [0.0, 0.0, 0.0, 0.0], [1.0, 2.0, 4.0, 3.0]
    twice = minimum_detectable_effect(base * 2, tuned * 2, clusters=[0, 1, 2, 3] * 2)

    assert twice == pytest.approx(minimum_detectable_effect(base, tuned))
    assert minimum_detectable_effect(base, tuned, clusters=[0] * 4) == math.inf


@given(count=st.integers(1, 500), share=st.floats(0, 1))
def test_the_interval_of_a_proportion_is_that_of_statsmodels(count: int, share: float) -> None:
    successes = round(share * count)

    assert proportion_interval(successes, count) == pytest.approx(
        proportion_confint(successes, count, method="wilson"), abs=1e-12
    )


def test_what_is_not_paired_is_refused() -> None:
    for base, tuned in (([1.0], [1.0, 2.0]), ([], [])):
        with pytest.raises(ValueError, match="a paired comparison"):
            paired_bootstrap(base, tuned)
    with pytest.raises(ValueError, match="2 items and 1 cluster ids"):
        paired_bootstrap([1.0, 2.0], [1.0, 2.0], clusters=["a"])
    with pytest.raises(ValueError, match="no proportion"):
        proportion_interval(1, 0)
