"""Random command lines: whatever is typed, the answer is a config or a few lines that say what is wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT

_SEEDS = (1, 2, 3, 4)


def told_badly(folder: Path, seed: int, count: int, seconds: float) -> list[dict[str, object]]:
    """The lines, of `count` random ones, whose answer is a traceback or no clear refusal."""
    paths = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    done = subprocess.run(
        [sys.executable, "-m", "tests.config.lines", str(seed), str(count)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == count, done.stderr[-2000:]
    assert {answer["status"] for answer in answers} >= {0, 2}
    return [answer for answer in answers if answer["complaint"]]


def test_150_random_lines_are_answered_clearly(tmp_path: Path) -> None:
    assert told_badly(tmp_path, 0, 150, 170) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", _SEEDS)
def test_10_000_random_lines_are_answered_clearly(seed: int, tmp_path: Path) -> None:
    assert told_badly(tmp_path, seed, 10_000 // len(_SEEDS), 3600) == []
