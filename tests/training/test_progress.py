"""What the progress line says of speed and time left, and that a validation shows how far it is."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from medgenius import watching
from medgenius.config.launch import Place
from medgenius.runs import Run
from medgenius.training.callbacks.progress import Mark, Pace
from medgenius.training.train import train
from tests.support import composed


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


def test_a_validation_shows_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the training, and behind the last step, where `max_steps` ended it before a validation was due."""
    monkeypatch.setattr(watching, "_LINE_EVERY", 0.0)
    small = ("model=tiny", "tracking=off", "tracking.log_samples=false", "trainer.compile=false", "data.max_rows=72")
    steps = ("data.validation_fraction=0.5", "trainer.batch_size=18", "trainer.max_steps=3")  # two are an epoch
    out, run = io.StringIO(), Run(tmp_path / "run", "run")
    run.path.mkdir()
    train(composed(*small, *steps), run, Console(file=out, width=200), Place())
    lines = [line for line in out.getvalue().splitlines() if "validating" in line]
    assert [line.rpartition("validating ")[2] for line in lines] == ["50%", "100%"] * 2
    assert [line.partition("/")[0] for line in lines] == ["step 2"] * 2 + ["step 3"] * 2
