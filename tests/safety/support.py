"""The labelled messages, and the shared data where it is there."""

import gzip
import json
import os
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def shared_data(name: str) -> Path:
    """A file of the shared data, whose folder MEDGENIUS_SHARED_DATA names; skips the test where it is not there."""
    path = Path(os.environ.get("MEDGENIUS_SHARED_DATA", ROOT.parent / "shared" / "data")) / name
    if not path.is_file():
        pytest.skip(f"no {name}: set MEDGENIUS_SHARED_DATA to the folder of the shared data")
    return path


def shared_rows(name: str) -> list[dict[str, object]]:
    with gzip.open(shared_data(name), "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@cache
def messages(part: str) -> tuple[dict[str, object], ...]:
    """The labelled messages of a part, `tuning` or `held_out`."""
    file = Path(__file__).with_name("messages.jsonl")
    rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return tuple(row for row in rows if row["part"] == part)
