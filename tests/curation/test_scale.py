"""Memory does not follow the number of rows."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.curation import small


def lines(count: int) -> Iterator[str]:
    draw = random.Random(0)
    vocabulary = [f"word{i}" for i in range(20_000)]
    for _ in range(count):
        question, answer = (" ".join(draw.choices(vocabulary, k=k)) for k in (15, 60))
        yield json.dumps({"input": question, "output": answer}) + "\n"


@pytest.mark.slow
def test_ten_times_the_rows_take_little_more_memory(tmp_path: Path) -> None:
    peaks = {}
    for count in (10_000, 100_000):
        raw = tmp_path / f"{count}.jsonl"
        with raw.open("w", encoding="utf-8") as stream:
            stream.writelines(lines(count))
        process = small.run(raw, tmp_path / f"out{count}", "curation.workers=2")
        peaks[count] = json.loads((process / "report.json").read_text())["peak_memory_bytes"]

    # The corpus's index is about 300 bytes a row; 90,000 rows more are 27 MB, and sorting needs as much again.
    assert peaks[100_000] - peaks[10_000] < 150e6
    assert peaks[100_000] < 1.5e9
