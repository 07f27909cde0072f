"""Spans of time in a config."""

import pytest

from medgenius.config.duration import seconds
from medgenius.errors import ConfigError
from tests.support import composed


@pytest.mark.parametrize(("text", "expected"), [("90s", 90), ("10min", 600), ("10 min", 600), ("1.5h", 5400)])
def test_a_time_is_a_number_with_its_unit(text: str, expected: float) -> None:
    assert seconds(text) == expected
    assert composed(f"trainer.checkpoint_every='{text}'").trainer.checkpoint_every == text


def test_a_number_alone_counts_steps() -> None:
    assert composed("trainer.checkpoint_every=50").trainer.checkpoint_every == 50


@pytest.mark.parametrize("text", ["soon", "0min", "-5min", "10 minutes", "5m", "0", "1e3s"])
def test_anything_else_is_one_line(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        composed(f"trainer.checkpoint_every='{text}'")
    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"trainer.checkpoint_every={text}: ")
    assert "a time such as 90s, 10min or 1h" in line or text == "0"
