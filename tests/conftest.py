"""A cache of the tests' own, and no hub."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from medgenius.runs import Run
from tests.processes import train

# How long an example takes depends on what else the machine does; timings are no tests.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


def _cache(factory: pytest.TempPathFactory) -> Path:
    """Of this process. Its models are those of all of xdist's workers, whose base folders lie side by side: the
    embedded one takes long to convert."""
    cache = factory.mktemp("cache")
    if "PYTEST_XDIST_WORKER" in os.environ:
        models = factory.getbasetemp().parent / "models"
        models.mkdir(exist_ok=True)
        (cache / "models").symlink_to(models)
    return cache


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests leave the person's cache alone; child processes inherit the variables."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDGENIUS_CACHE", os.environ.get("MEDGENIUS_TEST_CACHE", str(_cache(tmp_path_factory))))
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run of the tiny model, made once for all that only read it."""
    root = tmp_path_factory.mktemp("tiny_run")
    line = [
        *("model=tiny", "data.max_rows=60", "data.max_length=512", "trainer.epochs=2", "lora.r=4"),
        *("tracking=off", "tracking.log_samples=false", "run.name=tiny", f"run.root={root}"),
    ]
    done = train(*line)
    assert done.returncode == 0, done.stderr
    return Run(root / "tiny", "tiny")
