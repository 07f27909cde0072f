"""What soundness rejects of repaired rows, by reason; and how well languages are told.

    python benchmarks/soundness.py PATH/raw_dialogues.jsonl.gz [--languages PATH/multilingual] [--read REASON]

`--read REASON` prints a seeded choice of 100 rejected rows of one reason, to be judged by hand.
"""

import argparse
import gzip
import json
import random
from collections import Counter
from pathlib import Path

from medgenius.config.app import composed
from medgenius.config.curate import CurateConfig
from medgenius.curation.language import Languages
from medgenius.curation.row import Rejection, Row
from medgenius.curation.steps.repair import Repair
from medgenius.curation.steps.soundness import Soundness


def rejections(path: Path) -> list[Rejection]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        raw = [json.loads(line) for line in lines]
    rows = [Row(r["id"], r["instruction"], r["input"], r["output"], r["source"], r["licence"]) for r in raw]
    config = composed(CurateConfig, f"data.path={__file__}", "output=unused").curation
    repair, soundness = Repair(config.repair), Soundness(config.soundness)
    results = soundness([result for result in repair(rows) if isinstance(result, Row)])
    return [result for result in results if isinstance(result, Rejection)]


def languages(folder: Path) -> None:
    detector = Languages()
    print("\n| language | characters | texts | told right | told wrong at 0.6 or surer |\n|---|---|---|---|---|")
    for code in ("en", "es", "fr", "it"):
        with gzip.open(folder / f"casimedicos_{code}.jsonl.gz", "rt", encoding="utf-8") as lines:
            texts = [json.loads(line)["explanation"] for line in lines]
        for size in (40, 80, 300):
            found = [language for text in texts if (language := detector.of(text[:size]))]
            right = sum(language.code == code for language in found)
            wrong = sum(language.code != code and language.confidence >= 0.6 for language in found)
            print(f"| {code} | {size} | {len(found)} | {right / len(found):.3f} | {wrong} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--languages", type=Path)
    parser.add_argument("--read")
    arguments = parser.parse_args()
    found = rejections(arguments.path)
    if arguments.read:
        chosen = [rejection for rejection in found if rejection.reason == arguments.read]
        for rejection in random.Random(1).sample(chosen, min(100, len(chosen))):  # noqa: S311  # a choice to read
            print(f"{rejection.row.key}\n  Q: {rejection.row.input[-200:]!r}\n  A: {rejection.row.output[:200]!r}")
        return
    counts = Counter(rejection.reason for rejection in found)
    sources = Counter((rejection.reason, rejection.row.source) for rejection in found)
    print("| reason | rows | by source |\n|---|---|---|")
    for reason, count in counts.most_common():
        by_source = ", ".join(f"{source} {n}" for (name, source), n in sources.most_common() if name == reason)
        print(f"| {reason} | {count} | {by_source} |")
    if arguments.languages:
        languages(arguments.languages)


if __name__ == "__main__":
    main()
