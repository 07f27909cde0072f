"""A cache of the tests' own, and no hub."""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests leave the person's cache alone; child processes inherit the variables."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDGENIUS_CACHE", os.environ.get("MEDGENIUS_TEST_CACHE", str(tmp_path_factory.mktemp("cache"))))
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield
