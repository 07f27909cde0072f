"""The labelled messages, and the shared data where it is there."""

import gzip
import json
from functools import cache
from pathlib import Path

from tests.shared import shared_data


def shared_rows(name: str) -> list[dict[str, object]]:
    with gzip.open(shared_data(name), "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@cache
def messages(part: str) -> tuple[dict[str, object], ...]:
    """The labelled messages of a part, `tuning` or `held_out`."""
    file = Path(__file__).with_name("messages.jsonl")
    rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return tuple(row for row in rows if row["part"] == part)
