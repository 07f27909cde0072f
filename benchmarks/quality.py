"""How the quality criteria agree with human labels.

    python benchmarks/quality.py --empathy PATH/epitome.jsonl.gz --preference PATH/mediqa2019_pairs.jsonl.gz

Empathy: Spearman's rank correlation with the level of emotional reactions (0 to 2). Preference: how often the
answer that people rated higher scores higher, ties counted half; MEDIQA's test split is left out.
"""

import argparse
import gzip
import json
from collections import defaultdict
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from medgenius.config.app import composed
from medgenius.config.curate import CurateConfig
from medgenius.config.curation.quality import QualityConfig, QualityWeights
from medgenius.curation.steps.quality import Quality

EVEN = QualityWeights(accuracy=1, caution=1, empathy=1, disclaimer=1, structure=1)
DEFAULT = composed(CurateConfig, f"data.path={__file__}", "output=unused").curation.quality.weights


class Pair(TypedDict):
    prompt: str
    chosen: str
    rejected: str
    source: str


def never(_: str) -> bool:
    return False


def ranks(values: list[float]) -> NDArray[np.float64]:
    """From 0, equal values sharing the mean of their places."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    means: NDArray[np.float64] = (ends - 1 + ends - counts) / 2
    return means[inverse]


def spearman(one: list[float], other: list[float]) -> float:
    return float(np.corrcoef(ranks(one), ranks(other))[0, 1])


def empathy(step: Quality, path: Path) -> None:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        items = [json.loads(line) for line in lines]
    scores = [step.criteria(item["seeker_post"], item["response_post"])["empathy"] for item in items]
    print("| EPITOME, level of | n | Spearman |\n|---|---|---|")
    for kind in ("emotional_reactions", "interpretations", "explorations"):
        print(f"| {kind} | {len(items)} | {spearman(scores, [float(item['levels'][kind]) for item in items]):.3f} |")


def preference(path: Path) -> None:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        pairs: list[Pair] = [pair for pair in map(json.loads, lines) if "test" not in pair["source"]]
    by_prompt: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_prompt[pair["prompt"]].append(pair)
    print("\n| MEDIQA 2019 without test | pairs | questions | per pair | per question |\n|---|---|---|---|---|")
    steps = {
        "quality, default weights": (DEFAULT, None),
        "quality, even weights": (EVEN, None),
        **{criterion: (EVEN, criterion) for criterion in ("accuracy", "caution", "empathy", "structure")},
    }
    for name, (weights, criterion) in steps.items():
        step = Quality(QualityConfig(weights=weights, threshold=0.0, max_words=400), never)
        won = [[_won(step, criterion, pair) for pair in own] for own in by_prompt.values()]
        per_pair = sum(map(sum, won)) / len(pairs)
        per_question = sum(sum(own) / len(own) for own in won) / len(won)
        print(f"| {name} | {len(pairs)} | {len(won)} | {per_pair:.3f} | {per_question:.3f} |")
    longer = [float(len(p["chosen"]) > len(p["rejected"])) for p in pairs]
    print(f"| the longer one | {len(pairs)} | {len(by_prompt)} | {sum(longer) / len(longer):.3f} | |")


def _won(step: Quality, criterion: str | None, pair: Pair) -> float:
    found = [step.criteria(pair["prompt"], answer) for answer in (pair["chosen"], pair["rejected"])]
    chosen, rejected = [each[criterion] if criterion else step.score(each) for each in found]
    return 0.5 if chosen == rejected else float(chosen > rejected)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--empathy", type=Path, required=True)
    parser.add_argument("--preference", type=Path, required=True)
    arguments = parser.parse_args()
    step = Quality(QualityConfig(weights=DEFAULT, threshold=0.0, max_words=400), never)
    empathy(step, arguments.empathy)
    preference(arguments.preference)


if __name__ == "__main__":
    main()
