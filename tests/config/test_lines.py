"""Random command lines: whatever is typed, the answer is a config or a few lines that say what is wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT

_OTHERS = ("sweep", "curate", "evaluate", "compare", "report", "publish", "chat", "serve")
_SEEDS = (1, 2, 3, 4)


def answers(folder: Path, verb: str, seed: int, count: int, seconds: float) -> list[dict[str, object]]:
    paths = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    done = subprocess.run(
        [sys.executable, "-m", "tests.config.lines", verb, str(seed), str(count)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == count, done.stderr[-2000:]
    return found


def told_badly(folder: Path, verb: str, seed: int, count: int, seconds: float) -> list[dict[str, object]]:
    """The lines, of `count` random ones, whose answer is a traceback or no clear refusal."""
    found = answers(folder, verb, seed, count, seconds)
    assert {answer["status"] for answer in found} >= {0, 2}
    return [answer for answer in found if answer["complaint"]]


def test_150_random_lines_are_answered_clearly(tmp_path: Path) -> None:
    assert told_badly(tmp_path, "train", 0, 150, 170) == []


@pytest.mark.slow
@pytest.mark.parametrize("verb", _OTHERS)
def test_500_random_lines_of_each_other_verb_are_answered_clearly(verb: str, tmp_path: Path) -> None:
    assert told_badly(tmp_path, verb, 1, 500, 1800) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", _SEEDS)
def test_10_000_random_lines_are_answered_clearly(seed: int, tmp_path: Path) -> None:
    assert told_badly(tmp_path, "train", seed, 10_000 // len(_SEEDS), 3600) == []
