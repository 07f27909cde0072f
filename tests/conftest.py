"""A cache of the tests' own, and no hub."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# How long an example takes depends on what else the machine does; timings are no tests.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests leave the person's cache alone; child processes inherit the variables."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDGENIUS_CACHE", os.environ.get("MEDGENIUS_TEST_CACHE", str(tmp_path_factory.mktemp("cache"))))
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield
