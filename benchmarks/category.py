"""How well category and urgency of a question are told, on texts whose labels the step never sees.

    python benchmarks/category.py [--medmcqa PATH/medmcqa_dev.jsonl.gz]

The sample's dialogues with even numbers were looked at while the phrases were written, those with odd numbers were not,
nor was any result on the written questions or on MedMCQA.
"""

import argparse
import gzip
import importlib
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from medgenius.categories import CATEGORIES
from medgenius.config.curation.category import CategoryConfig
from medgenius.curation.steps.category import Category

SUBJECTS = {
    "Anaesthesia": {"anaesthesiology"},
    "Dental": {"dentistry"},
    "ENT": {"ear_nose_throat"},
    "Gynaecology & Obstetrics": {"gynaecology", "obstetrics"},
    "Ophthalmology": {"ophthalmology"},
    "Orthopaedics": {"orthopaedics"},
    "Pediatrics": {"paediatrics"},
    "Pharmacology": {"pharmacology"},
    "Psychiatry": {"mental_health", "addiction_medicine"},
    "Radiology": {"radiology"},
    "Skin": {"dermatology"},
}
"""Subjects of MedMCQA that have a category of their own; the others (Medicine, Surgery, Anatomy ...) cut across."""
Case = tuple[frozenset[str], str, str]
"""Right categories, question, answer."""


def emergency(text: str) -> bool:
    """The project's own assessment; without one no question is an emergency."""
    try:
        safety = importlib.import_module("medgenius.safety")
        return bool(safety.assess(text).emergency)
    except AttributeError:
        return False


def table(name: str, step: Category, cases: Sequence[Case]) -> None:
    """Accuracy, macro-F1, top-3 and how right the confidence is (expected calibration error over ten bins)."""
    hit: Counter[str] = Counter()
    told: Counter[str] = Counter()
    there: Counter[str] = Counter()
    top3 = 0
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for right, question, answer in cases:
        ranked = step.ranked(question, answer)
        best, confidence = ranked[0]
        label = best if best in right else min(right)
        there[label] += 1
        told[best] += 1
        hit[best] += best in right
        top3 += any(category in right for category, _ in ranked[:3])
        bins[min(9, int(confidence * 10))].append((confidence, best in right))
    f1 = [2 * hit[label] / (there[label] + told[label]) for label in there]
    error = sum(abs(sum(c for c, _ in found) - sum(r for _, r in found)) for found in bins.values()) / len(cases)
    sure = [right for found in bins.values() for confidence, right in found if confidence >= 0.5]
    print(
        f"| {name} | {len(cases)} | {sum(hit.values()) / len(cases):.3f} | {sum(f1) / len(f1):.3f} "
        f"| {top3 / len(cases):.3f} | {error:.3f} | {sum(sure) / max(1, len(sure)):.3f} of {len(sure)} |"
    )


def urgency_table(name: str, step: Category, cases: Sequence[tuple[str, str]]) -> None:
    found = Counter((right, step.urgency(question)) for right, question in cases)
    degrees = ("routine", "urgent", "emergency")
    right = sum(found[degree, degree] for degree in degrees)
    rows = "; ".join(f"{d}: " + "/".join(str(found[d, told]) for told in degrees) for d in degrees)
    print(f"| {name} | {len(cases)} | {right / len(cases):.3f} | {rows} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=Path, default=Path("tests/curation/category_questions.tsv"))
    parser.add_argument("--medmcqa", type=Path)
    arguments = parser.parse_args()
    step = Category(CategoryConfig(words=150, keep=False), emergency)
    lines = (files("medgenius") / "data" / "sample" / "dialogues.jsonl").read_text(encoding="utf-8").splitlines()
    sample = [json.loads(line) for line in lines]
    written = [line.split("\t") for line in arguments.questions.read_text(encoding="utf-8").splitlines()[1:]]

    print("| texts | n | accuracy | macro-F1 | top 3 | calibration error | right where confidence >= 0.5 |")
    print("|---|---|---|---|---|---|---|")
    for half, name in ((0, "even"), (1, "odd")):
        rows = sample[half::2]
        table(f"sample, {name}, question", step, [(frozenset({r["category"]}), r["input"], "") for r in rows])
        pairs = [(frozenset({r["category"]}), r["input"], r["output"]) for r in rows]
        table(f"sample, {name}, question and answer", step, pairs)
    table("written questions", step, [(frozenset({category}), text, "") for category, _, text in written])
    if arguments.medmcqa:
        with gzip.open(arguments.medmcqa, "rt", encoding="utf-8") as items:
            parsed = [json.loads(item) for item in items]
        cases = [
            (frozenset(SUBJECTS[i["subject"]]), " ".join([i["question"], *i["choices"]]), "")
            for i in parsed
            if i["subject"] in SUBJECTS
        ]
        table(f"MedMCQA, {len(SUBJECTS)} subjects", step, cases)
    assert set(CATEGORIES) == {category for category, _, _ in written}

    print("\n| texts | n | accuracy | told routine/urgent/emergency, by what is right |\n|---|---|---|---|")
    for half, name in ((0, "even"), (1, "odd")):
        urgency_table(f"sample, {name}", step, [(r["urgency"], r["input"]) for r in sample[half::2]])
    urgency_table("written questions", step, [(degree, text) for _, degree, text in written])


if __name__ == "__main__":
    main()
