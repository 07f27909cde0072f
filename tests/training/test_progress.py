"""What the progress line says of speed and time left."""

import pytest

from medgenius.training.callbacks.progress import Mark, Pace


def _paced(start: Mark, steps: list[tuple[float, float, int]]) -> Pace:
    """Each step's seconds on the clock, seconds of training and tokens."""
    pace, mark = Pace(start), start
    for clock, training, tokens in steps:
        mark = Mark(mark.seconds + clock, mark.step + 1, mark.tokens + tokens, mark.training_seconds + training)
        pace.note(mark)
    return pace


def test_a_resumed_run_is_not_judged_by_the_machine_before() -> None:
    slow_before = Mark(seconds=5.0, step=100, tokens=1_000, training_seconds=10_000.0)
    pace = _paced(slow_before, [(2.0, 2.0, 600)] * 3)
    assert pace.tokens_per_second == pytest.approx(300)
    assert pace.seconds_left(203) == pytest.approx(200)


def test_the_first_step_counts_until_there_is_a_second() -> None:
    start = Mark(0.0, 0, 0, 0.0)
    slow_first = (30.0, 30.0, 600)
    assert _paced(start, [slow_first]).seconds_left(11) == pytest.approx(300)
    assert _paced(start, [slow_first, (2.0, 2.0, 600)]).seconds_left(12) == pytest.approx(20)
    assert _paced(start, [slow_first, *[(2.0, 2.0, 600)] * 40]).seconds_left(51) == pytest.approx(20)


def test_validations_take_time_that_is_left_but_no_speed() -> None:
    pace = _paced(Mark(0.0, 0, 0, 0.0), [(2.0, 2.0, 600), (2.0, 2.0, 600), (10.0, 2.0, 600)])
    assert pace.tokens_per_second == pytest.approx(300)
    assert pace.seconds_left(13) == pytest.approx(60)


def test_a_pace_that_changes_is_followed() -> None:
    pace = _paced(Mark(0.0, 0, 0, 0.0), [(20.0, 20.0, 600)] * 50 + [(2.0, 2.0, 600)] * 33)
    assert pace.seconds_left(93) == pytest.approx(20)
