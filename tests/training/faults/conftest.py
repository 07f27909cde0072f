"""The run that all others are compared with."""

import time
from pathlib import Path

import pytest

from tests.processes import LINE, start


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A run that nobody disturbed, and the seconds it took."""
    root = tmp_path_factory.mktemp("untouched")
    first = start(root, *LINE, "trainer.max_steps=1", "run.name=first")  # fills the cache of models
    assert first.status() == 0, first.text
    began = time.monotonic()
    run = start(root, *LINE, "run.name=run")
    assert run.status() == 0, run.text
    lines = (root / "run/metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 28 + 1 + 6  # steps, the validation before, every five steps and at the end
    return root / "run", time.monotonic() - began
