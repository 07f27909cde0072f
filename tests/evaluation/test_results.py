"""From scores to evaluation.json: weighted means, their intervals, perplexity, calibration, verdicts."""

import math
from collections.abc import Sequence
from typing import get_args

import numpy as np
import pytest

from medgenius.config.app import composed
from medgenius.config.evaluate import EvaluateConfig
from medgenius.config.evaluation import MetricName
from medgenius.evaluation.columns import Column, columns_of, linearised, weighted_mean
from medgenius.evaluation.measures import Measure
from medgenius.evaluation.metrics.calibration import ece
from medgenius.evaluation.records import Record, Score
from medgenius.evaluation.registry import MEASURES, METRICS
from medgenius.evaluation.results import compare, of_alike_pairs
from medgenius.evaluation.significance import minimum_detectable_effect, standard_error

MEAN = {"score": Measure("score", "a score", "higher")}
Pairs = Sequence[tuple[float | None, float | None]]


def records(pairs: Pairs, weights: Sequence[float] | None = None, name: str = "score", **more: Pairs) -> list[Record]:
    made = []
    for place, (base, tuned) in enumerate(pairs):
        scores = {name: Score(base=base, tuned=tuned, weight=weights[place] if weights else 1.0)}
        for other, values in more.items():
            scores[other] = Score(base=values[place][0], tuned=values[place][1], weight=1.0)
        made.append(Record("dialogues", str(place), "", "", place, "", None, None, scores))
    return made


def test_a_weighted_mean_is_that_of_all_tokens_and_its_bootstrap_that_of_the_ratio() -> None:
    rng = np.random.default_rng(3)
    weights = rng.integers(5, 400, 60).astype(float)
    base = 3 + 0.004 * weights + rng.normal(0, 0.3, 60)  # long answers cost more: items are no equal witnesses
    tuned = base - 0.4 + rng.normal(0, 0.2, 60)
    pairs = list(zip(base.tolist(), tuned.tolist(), strict=True))
    found = compare(columns_of(records(pairs, weights.tolist()), MEAN), MEAN, 4000, 1).metrics["score"]

    assert found.base == pytest.approx((base * weights).sum() / weights.sum(), abs=1e-12)
    assert found.difference == pytest.approx(found.tuned - found.base, abs=1e-12)
    drawn = rng.integers(0, 60, (4000, 60))
    ratios = ((tuned - base)[drawn] * weights[drawn]).sum(1) / weights[drawn].sum(1)
    low, high = np.percentile(ratios, [2.5, 97.5])
    assert [found.low, found.high] == pytest.approx([low, high], abs=0.01)


def test_linearised_values_have_the_weighted_mean() -> None:
    column = Column()
    for place, (base, tuned, weight) in enumerate([(1.0, 2.0, 1.0), (3.0, 1.0, 5.0), (0.5, 4.0, 2.0)]):
        column.add(Score(base=base, tuned=tuned, weight=weight), None, str(place))
    bases, tuneds = linearised(column)

    assert sum(bases) / 3 == pytest.approx(weighted_mean(column.base, column.weights))
    assert sum(tuneds) / 3 == pytest.approx((2 + 5 + 8) / 8)


def test_what_could_not_be_read_is_counted_and_left_out() -> None:
    pairs: Pairs = [(1.0, 0.5), (None, 1.0), (1.0, None), (None, None), (0.0, 1.0)]
    found = compare(columns_of(records(pairs), MEAN), MEAN, 200, 0).metrics["score"]

    assert (found.n, found.unparsed) == (2, 4)
    assert (found.base, found.tuned) == (0.5, 0.75)


def test_an_answer_that_names_no_choice_is_wrong_and_counted() -> None:
    measures = {"score": Measure("score", "accuracy", "higher", "proportion", unparsed_is=0.0)}
    found = compare(columns_of(records([(None, 1.0), (1.0, 1.0)]), measures), measures, 200, 0).metrics["score"]

    assert (found.base, found.tuned, found.n, found.unparsed) == (0.5, 1.0, 2, 1)
    assert MEASURES["choices_text_accuracy"].unparsed_is == 0.0


def test_perplexity_is_e_to_the_loss() -> None:
    measures = {name: MEASURES[name] for name in ("loss", "perplexity")}
    pairs = [(3.0 + i / 10, 2.5 + i / 20) for i in range(12)]
    found = compare(columns_of(records(pairs, name="loss"), measures), measures, 2000, 0)
    loss, perplexity = found.metrics["loss"], found.metrics["perplexity"]

    assert perplexity.base == pytest.approx(math.exp(loss.base))
    assert perplexity.difference == pytest.approx(math.exp(loss.tuned) - math.exp(loss.base))
    assert perplexity.low is not None
    assert perplexity.high is not None
    assert perplexity.low < perplexity.difference < perplexity.high < 0
    # One of the family, not two.
    assert (
        found.statistics["perplexity"].p_adjusted == found.statistics["loss"].p_adjusted == found.statistics["loss"].p
    )


def test_calibration_error_has_neither_interval_nor_verdict() -> None:
    """Both systems are calibrated; the second is surer, so its answers fall into fewer bins and its error is less."""
    rng = np.random.default_rng(5)
    confidence = [
        (float(a), float(b)) for a, b in zip(rng.uniform(0.25, 1, 80), rng.uniform(0.94, 0.99, 80), strict=True)
    ]
    accuracy = [(float(rng.random() < a), float(rng.random() < b)) for a, b in confidence]
    measures = {name: MEASURES[name] for name in ("choices_ece", "choices_accuracy")}
    found = compare(
        columns_of(records(confidence, name="choices_confidence", choices_accuracy=accuracy), measures),
        measures,
        2000,
        7,
    )
    line, certainty = found.metrics["choices_ece"], found.statistics["choices_ece"]

    expected = [ece([pair[side] for pair in confidence], [bool(pair[side]) for pair in accuracy]) for side in (0, 1)]
    assert [line.base, line.tuned] == pytest.approx(expected)
    assert (line.low, line.high, line.n) == (None, None, 80)
    assert (certainty.p, certainty.p_adjusted, certainty.minimum_detectable_effect) == (None, None, None)
    assert found.verdict("choices_ece") == "unclear"
    assert found.statistics["choices_accuracy"].p_adjusted == found.statistics["choices_accuracy"].p  # a family of one


def test_a_single_item_without_bounds_has_no_interval_and_differs_from_nothing() -> None:
    measures = {"score": Measure("score", "length", None)}
    found = compare(columns_of(records([(10.0, 12.0)]), measures), measures, 200, 0)

    assert (found.metrics["score"].low, found.metrics["score"].high) == (None, None)
    assert found.verdict("score") == "unclear"


def test_no_difference_leaves_the_bounds_of_a_score() -> None:
    measures = {"score": Measure("score", "F1", "higher", span=1)}
    found = compare(columns_of(records([(0.0, 0.9), (0.0, 0.2), (0.0, 0.9)]), measures), measures, 200, 0)

    line = found.metrics["score"]
    assert line.low is not None
    assert line.low < 0 < line.difference < 1
    assert line.high == 1


def test_what_can_be_found_counts_all_measures_that_are_tested() -> None:
    rng = np.random.default_rng(8)
    pairs = [(float(a), float(b)) for a, b in rng.normal(0, 1, (30, 2))]
    many = {name: Measure(name, "", "higher") for name in ("one", "two", "three")}
    rows = records(pairs, name="one", two=pairs, three=pairs)
    alone, together = (compare(columns_of(rows, many), measures, 200, 0) for measures in ({"one": many["one"]}, many))

    effects = [found.statistics["one"].minimum_detectable_effect for found in (alone, together)]
    error = standard_error(*zip(*pairs, strict=True))
    assert effects == [minimum_detectable_effect(error, 30), minimum_detectable_effect(error, 30, 3)]


def test_few_resamples_hide_no_difference() -> None:
    """They are those of the intervals; twenty certain differences stay certain."""
    rng = np.random.default_rng(9)
    pairs = [(0.0, float(value)) for value in rng.normal(5, 1, 60)]
    measures = {f"score{place}": Measure(f"score{place}", "", "higher") for place in range(20)}
    rows = records(pairs, None, "score0", **dict.fromkeys(list(measures)[1:], pairs))
    found = compare(columns_of(rows, measures), measures, 100, 0)

    assert [found.verdict(name) for name in measures] == ["better"] * 20


def test_the_verdict_needs_the_adjusted_p_and_knows_the_direction() -> None:
    rng = np.random.default_rng(2)
    measures = {
        "more": Measure("more", "", "higher"),
        "less": Measure("less", "", "lower"),
        "noise": Measure("noise", "", "higher"),
        "length": Measure("length", "", None),
    }
    base = rng.normal(0, 1, 40)
    pairs = [(float(x), float(x + 1 + rng.normal(0, 0.1))) for x in base]
    noise = [(float(a), float(b)) for a, b in rng.normal(0, 1, (40, 2))]
    found = compare(
        columns_of(records(pairs, name="more", less=pairs, noise=noise, length=pairs), measures), measures, 1000, 0
    )

    assert [found.verdict(name) for name in measures] == ["better", "worse", "unclear", "other"]
    assert found.statistics["length"].p is None
    assert [line.p_adjusted for line in found.statistics.values()][:2] == [pytest.approx(3 / 10_001)] * 2


def test_the_base_against_itself_shows_nothing() -> None:
    rng = np.random.default_rng(4)
    same = [(float(x), float(x)) for x in rng.random(30)]
    measures = {name: MEASURES[name] for name in ("loss", "perplexity")}
    found = compare(columns_of(records(same, name="loss"), measures), measures, 500, 0)

    assert all(found.verdict(name) == "unclear" for name in measures)
    assert {(line.difference, line.low, line.high) for line in found.metrics.values()} == {(0.0, 0.0, 0.0)}


@pytest.mark.parametrize("pair", [(0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (1.0, 0.0)])
@pytest.mark.parametrize(
    ("measure", "span"),
    [
        (Measure("score", "rate", "higher", "proportion"), 1),
        (Measure("score", "F1", "higher", span=1), 1),
        (Measure("score", "BLEU", "higher", span=100), 100),
    ],
)
def test_alike_pairs_of_a_bounded_score_are_no_certainty(
    measure: Measure, span: float, pair: tuple[float, float]
) -> None:
    """The truth behind "none of n changed" lies in the interval 95 times of 100, which a width of zero never is."""
    scaled, measures = (span * pair[0], span * pair[1]), {"score": measure}
    one, few, many = (
        compare(columns_of(records([scaled] * n), measures), measures, 200, 0).metrics["score"] for n in (1, 5, 500)
    )

    for line in (one, few, many):
        assert line.low is not None
        assert line.high is not None
        assert -span <= line.low <= line.difference <= line.high <= span
    width_of_one, width_of_few, width_of_many = ((line.high or 0) - (line.low or 0) for line in (one, few, many))
    assert width_of_one > span
    assert width_of_few > 0.5 * span
    assert 0.003 * span < width_of_many < 0.03 * span
    # The rule of three: with n alike, a rate of 3 / n could have given it.
    if pair[0] == pair[1]:
        assert many.high == pytest.approx(3 / 500 * span, abs=0.003 * span)


def test_alike_pairs_have_the_interval_of_bonett_and_price() -> None:
    """(c - b) / (N + 2) with the counts of either kind one higher, and its Wald interval; 0 of 13 and 13 of 13."""
    for won in (0, 13):
        share_won, share_lost = (won + 1) / 15, 1 / 15
        middle = share_won - share_lost
        reach = 1.959964 * math.sqrt((share_won + share_lost - middle**2) / 15)
        found = of_alike_pairs(won / 13, 13, 1.0)
        assert found.low == pytest.approx(middle - reach, abs=1e-6)
        assert found.high == pytest.approx(max(won / 13, min(1.0, middle + reach)), abs=1e-6)


def test_near_duplicates_count_as_one() -> None:
    rng = np.random.default_rng(6)
    single = [(float(a), float(b)) for a, b in rng.normal(0, 1, (15, 2))]
    copied = [pair for pair in single for _ in range(8)]
    rows = [
        Record(one.set, one.id, "", "", place // 8, "", None, None, one.scores)
        for place, one in enumerate(records(copied))
    ]
    plain = compare(columns_of(records(single), MEAN), MEAN, 2000, 0)
    clustered = compare(columns_of(rows, MEAN), MEAN, 2000, 0)

    assert clustered.metrics["score"].n == 120
    assert clustered.statistics["score"].clusters == 15
    assert clustered.metrics["score"].low == pytest.approx(plain.metrics["score"].low)
    assert clustered.statistics["score"].minimum_detectable_effect == pytest.approx(
        plain.statistics["score"].minimum_detectable_effect
    )


def test_every_measure_has_one_name_and_every_metric_of_the_schema_an_entry() -> None:
    names = [measure.name for metric in METRICS.values() for measure in metric.measures]

    assert len(names) == len(set(names))
    assert set(METRICS) == set(get_args(MetricName))


@pytest.mark.parametrize("choice", ["quick", "full"])
def test_every_shipped_evaluation_is_accepted(choice: str) -> None:
    config = composed(EvaluateConfig, "run.path=.", f"evaluation={choice}").evaluation

    assert set(config.metrics) <= set(METRICS)
    assert config.judge.endpoint is None
