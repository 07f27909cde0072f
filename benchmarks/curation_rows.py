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

from medgenius.config.curation.category import CategoryConfig
from medgenius.config.curation.quality import QualityConfig, QualityWeights
from medgenius.config.curation.repair import RepairConfig
from medgenius.config.curation.soundness import SoundnessConfig
from medgenius.config.curation.terms import TermsConfig
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
    return [
        Repair(RepairConfig(urls="placeholder", boilerplate=True, detokenise=True)),
        Soundness(
            SoundnessConfig(
                languages=["en"],
                language_confidence=0.6,
                min_answer_words=4,
                max_words=2000,
                max_characters=12_000,
                min_medical_terms=1,
                reject_unanswered=True,
            )
        ),
        Terms(TermsConfig(abbreviations=True, spelling=True, units=True)),
        Category(CategoryConfig(words=150, keep=True), never),
        Quality(
            QualityConfig(
                weights=QualityWeights(accuracy=0.4, caution=0.2, empathy=0.1, disclaimer=0.1, structure=0.2),
                threshold=0.25,
                max_words=400,
            ),
            never,
        ),
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
