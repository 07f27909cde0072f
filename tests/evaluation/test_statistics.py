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
from statsmodels.stats.power import TTestPower
from statsmodels.stats.proportion import proportion_confint

from medgenius.evaluation.intervals import paired_interval, proportion_interval, reach
from medgenius.evaluation.significance import (
    holm,
    mcnemar,
    minimum_detectable_effect,
    sign_flip_test,
    smallest_p,
    standard_error,
)

F64 = NDArray[np.float64]


def skewed_pairs(generator: np.random.Generator, count: int, effect: float) -> tuple[F64, F64]:
    """Scores of two systems on the same items; the differences are skewed and have mean `effect`."""
    base = generator.normal(size=count)
    return base, base + effect + generator.gamma(2.0, 0.5, size=count) - 1.0


@pytest.mark.parametrize("count", [10, 30, 300])
def test_an_interval_is_that_of_scipy_for_the_same_seed(count: int) -> None:
    base, tuned = skewed_pairs(np.random.default_rng(count), count, 0.3)

    ours = paired_interval(base.tolist(), tuned.tolist(), seed=5)

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
    found = paired_interval([0.0] * 12, [0.7] * 12)

    assert [found.difference, found.low, found.high] == pytest.approx([0.7] * 3)


def test_few_clusters_reach_further() -> None:
    assert reach(10) == pytest.approx((10 / 9) ** 0.5 * stats.t.ppf(0.975, 9))
    assert reach(10**7) == pytest.approx(stats.norm.ppf(0.975), rel=1e-6)


@pytest.mark.parametrize("count", [2, 3, 9])
def test_the_interval_of_few_items_is_students(count: int) -> None:
    base, tuned = skewed_pairs(np.random.default_rng(count), count, 0.3)

    ours = paired_interval(base.tolist(), tuned.tolist())

    theirs = stats.ttest_rel(tuned, base).confidence_interval(0.95)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9)
    copies = paired_interval(np.tile(base, 4).tolist(), np.tile(tuned, 4).tolist(), clusters=[*range(count)] * 4)
    assert (copies.low, copies.high) == pytest.approx((ours.low, ours.high), rel=1e-9)


@pytest.mark.parametrize("clusters", [None, ["a"], ["a", "a"]])
def test_one_cluster_says_nothing_of_how_items_vary(clusters: list[str] | None) -> None:
    count = len(clusters or "a")

    found = paired_interval([0.0] * count, [1.0] * count, clusters)

    assert (found.difference, found.low, found.high) == (1.0, -math.inf, math.inf)


@pytest.mark.parametrize("count", [2, 3, 5, 8, 10, 14])
def test_the_interval_of_few_items_holds_the_truth_in_19_of_20_studies(count: int) -> None:
    held = 0
    for study in range(1500):
        differences = np.random.default_rng([study, count]).normal(0.4, 1.0, count).tolist()
        found = paired_interval([0.0] * count, differences, resamples=500, seed=study)
        held += found.low <= 0.4 <= found.high
    assert 0.93 <= held / 1500 <= 0.97


def test_portions_change_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    base, tuned = skewed_pairs(np.random.default_rng(1), 50, 0.1)
    whole = paired_interval(base.tolist(), tuned.tolist()), sign_flip_test(base.tolist(), tuned.tolist())

    monkeypatch.setattr("medgenius.evaluation.paired._AT_ONCE", 777)

    assert (paired_interval(base.tolist(), tuned.tolist()), sign_flip_test(base.tolist(), tuned.tolist())) == whole


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
        found = paired_interval(base, tuned, clusters if use_clusters else None, resamples, seed=study)
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

    found = paired_interval(scores, scores)

    assert (found.difference, found.low, found.high) == (0, 0, 0)
    assert sign_flip_test(scores, scores) == 1
    assert standard_error(scores, scores) == 0


def test_two_equal_systems_are_told_apart_as_rarely_as_stated() -> None:
    """A/A: answers of one system, drawn twice. Eight metrics, of which none may be flagged in 95 of 100 studies."""
    single = family = 0
    studies, metrics = 400, 8
    for study in range(studies):
        generator = np.random.default_rng(study)
        base, again = generator.normal(size=(2, metrics, 60)) + generator.normal(size=(1, metrics, 60))
        p_values = [sign_flip_test(base[k].tolist(), again[k].tolist(), flips=399, seed=k) for k in range(metrics)]
        single += p_values[0] < 0.05
        family += min(holm(p_values)) < 0.05
    assert 0.03 <= single / studies <= 0.07
    assert 0.02 <= family / studies <= 0.07


@pytest.mark.parametrize("count", [2, 5, 13, 14])
def test_a_sign_flip_test_is_that_of_scipy_over_all_signs(count: int) -> None:
    """13 are the most whose signs are all tried; of 14 they are drawn."""
    generator = np.random.default_rng(count)
    base, tuned = generator.normal(size=count), generator.normal(0.6, 1, size=count)

    exact = stats.permutation_test(
        (base, tuned), lambda a, b: np.mean(b - a), permutation_type="samples", n_resamples=np.inf
    ).pvalue

    near = 0.01 if count == 14 else 1e-12
    assert sign_flip_test(base.tolist(), tuned.tolist()) == pytest.approx(exact, abs=near)


@pytest.mark.parametrize("count", [1, 2, 5, 13, 30])
def test_no_p_is_smaller_than_the_smallest(count: int) -> None:
    found = sign_flip_test([0.0] * count, [1.0] * count)

    assert found == pytest.approx(smallest_p(count))
    if count <= 13:
        assert mcnemar(count, 0) == found


def test_signs_are_flipped_cluster_by_cluster() -> None:
    base, tuned = [0.0] * 30, [1.0] * 30

    assert sign_flip_test(base, tuned) < 0.001
    assert sign_flip_test(base, tuned, clusters=[0] * 30) == 1
    assert sign_flip_test(base, tuned, clusters=[k // 10 for k in range(30)]) == 0.25


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


@pytest.mark.parametrize("family", [1, 30])
def test_the_minimum_detectable_effect_is_that_of_statsmodels(family: int) -> None:
    size = TTestPower().solve_power(nobs=200, alpha=0.05 / family, power=0.8)

    assert minimum_detectable_effect(1 / 200**0.5, 200, family) == pytest.approx(size, rel=0.01)


@pytest.mark.parametrize(("count", "family"), [(6, 1), (12, 1), (100, 1), (14, 25), (100, 35)])
def test_an_effect_of_that_size_is_found_in_four_of_five_studies(count: int, family: int) -> None:
    """Found: its p, times the size of the family, is below 5 %."""
    effect = minimum_detectable_effect(1 / count**0.5, count, family)
    found = 0
    for study in range(500):
        tuned = np.random.default_rng([study, count]).normal(effect, 1, size=count)
        found += sign_flip_test([0.0] * count, tuned.tolist(), flips=8192 if count < 14 else 2000) * family < 0.05
    assert 0.7 <= found / 500 <= 0.88


def test_too_few_items_make_nothing_detectable() -> None:
    assert minimum_detectable_effect(0.1, 5) == math.inf  # all of five on one side: p = 0.0625
    assert minimum_detectable_effect(0.1, 6) < math.inf
    assert minimum_detectable_effect(0.1, 6, family=2) == math.inf


def test_copies_of_items_tell_nothing_more() -> None:
    base, tuned = [0.0, 0.0, 0.0, 0.0], [1.0, 2.0, 4.0, 3.0]
    twice = standard_error(base * 2, tuned * 2, clusters=[0, 1, 2, 3] * 2)

    assert twice == pytest.approx(stats.sem(tuned)) == standard_error(base, tuned)
    assert standard_error(base, tuned, clusters=[0] * 4) == math.inf


@given(count=st.integers(1, 500), share=st.floats(0, 1))
def test_the_interval_of_a_proportion_is_that_of_statsmodels(count: int, share: float) -> None:
    successes = round(share * count)

    assert proportion_interval(successes, count) == pytest.approx(
        proportion_confint(successes, count, method="wilson"), abs=1e-12
    )


def test_what_is_not_paired_is_refused() -> None:
    for base, tuned in (([1.0], [1.0, 2.0]), ([], [])):
        with pytest.raises(ValueError, match="a paired comparison"):
            paired_interval(base, tuned)
    with pytest.raises(ValueError, match="2 items and 1 cluster ids"):
        paired_interval([1.0, 2.0], [1.0, 2.0], clusters=["a"])
    with pytest.raises(ValueError, match="no proportion"):
        proportion_interval(1, 0)
