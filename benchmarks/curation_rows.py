"""Speed of the row-level curation steps: rows per second and core, on a seeded choice of raw rows.

python benchmarks/curation_rows.py PATH/raw_dialogues.jsonl.gz [--rows 4000]
"""

import argparse
import gzip
import json
import pickle
import platform
import random
import time
from collections.abc import Sequence
from pathlib import Path

from medgenius.config.app import composed
from medgenius.config.curate import CurateConfig
from medgenius.curation.row import Rejection, Row, RowStep
from medgenius.curation.steps.category import Category
from medgenius.curation.steps.quality import Quality
from medgenius.curation.steps.repair import Repair
from medgenius.curation.steps.soundness import Soundness
from medgenius.curation.steps.terms import Terms


def read(path: Path, count: int) -> list[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        raw = [json.loads(line) for line in lines]
    chosen = random.Random(0).sample(raw, min(count, len(raw)))  # noqa: S311  # a choice of rows, not a secret
    return [Row(r["id"], r["instruction"], r["input"], r["output"], r["source"], r["licence"]) for r in chosen]


def never(_: str) -> bool:
    """Stands for the safety rules, whose time is not measured here."""
    return False


def steps() -> list[RowStep]:
    config = composed(CurateConfig, f"data.path={__file__}", "output=unused").curation
    return [
        Repair(config.repair),
        Soundness(config.soundness),
        Terms(config.terms),
        Category(config.category, never),
        Quality(config.quality, never),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--rows", type=int, default=4000)
    arguments = parser.parse_args()
    rows: Sequence[Row] = read(arguments.path, arguments.rows)
    total = 0.0
    print(f"{len(rows)} rows, Python {platform.python_version()}, one process")
    print("| step | construction s | rows/s | changed | rejected |\n|---|---|---|---|---|")
    for build in steps():
        start = time.process_time()
        step = pickle.loads(pickle.dumps(build))  # noqa: S301  # what a worker process does
        made = time.process_time() - start
        start = time.process_time()
        results = step(rows)
        seconds = time.process_time() - start
        total += seconds
        kept = [result for result in results if isinstance(result, Row)]
        changed = sum(new is not old for new, old in zip(results, rows, strict=True)) - (len(results) - len(kept))
        print(f"| {step.name} | {made:.2f} | {len(rows) / seconds:,.0f} | {changed} | {len(results) - len(kept)} |")
        rows = [result.row if isinstance(result, Rejection) else result for result in results]
    print(f"| all | | {len(rows) / total:,.0f} | | |")


if __name__ == "__main__":
    main()
