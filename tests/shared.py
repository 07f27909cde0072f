"""Public data that is not part of the project."""

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).parents[2] / "shared" / "data"


def shared_data(name: str) -> Path:
    """A file of the folder that MEDGENIUS_SHARED_DATA names; skips the test where it is absent."""
    path = Path(os.environ.get("MEDGENIUS_SHARED_DATA", _BESIDE)) / name
    if not path.exists():
        pytest.skip(f"no {name}: MEDGENIUS_SHARED_DATA names the folder that has it")
    return path
