"""How well the safety rules judge: emergencies, harmful requests, dangerous advice, and their speed.

    python benchmarks/safety_rules.py [--data ../shared/data] [--misses]

Prints one Markdown table. Recall and false alarms come with 95 % Wilson score intervals. The public sets are read from
the folder given by --data or MEDGENIUS_SHARED_DATA; what is not there is left out of the table.
"""

import argparse
import gzip
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable
from math import sqrt
from pathlib import Path
from typing import NamedTuple

from medgenius.safety import assess, dangerous_advice, harmful_request, has_escalation, is_refusal, needs_disclaimer

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "src" / "medgenius" / "data" / "sample" / "dialogues.jsonl"
MESSAGES = ROOT / "tests" / "safety" / "messages.jsonl"


class Labelled(NamedTuple):
    """A text and what should be said of it."""

    key: str
    text: str
    positive: bool


def wilson(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Score interval of a proportion (Wilson, 1927), as fractions."""
    share, z2 = hits / total, z * z
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = z * sqrt(share * (1 - share) / total + z2 / (4 * total * total)) / (1 + z2 / total)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def proportion(hits: int, total: int) -> str:
    if not total:
        return "-"
    low, high = wilson(hits, total)
    digits = 1 if total < 10_000 else 3
    return f"{hits}/{total} = {100 * hits / total:.{digits}f} % ({100 * low:.{digits}f} to {100 * high:.{digits}f})"


def read(path: Path) -> list[dict[str, str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:  # type: ignore[operator]
        return [json.loads(line) for line in lines]


def is_held_out(vignette: dict[str, str]) -> bool:
    """The half of the extended vignettes that no rule was tuned on, fixed by the hash of the id."""
    return vignette["set"] == "extended" and hashlib.sha256(vignette["id"].encode()).digest()[0] % 2 == 1


def line(name: str, rows: Iterable[Labelled], judge: Callable[[str], bool], misses: bool) -> str:
    rows = list(rows)
    started = time.process_time()
    verdicts = [judge(row.text) for row in rows]
    microseconds = 1e6 * (time.process_time() - started) / len(rows)
    found = [verdict for row, verdict in zip(rows, verdicts, strict=True) if row.positive]
    alarms = [verdict for row, verdict in zip(rows, verdicts, strict=True) if not row.positive]
    if misses:
        print(f"{name}: wrong are", [r.key for r, v in zip(rows, verdicts, strict=True) if v != r.positive][:60])
    recall, false_alarms = proportion(sum(found), len(found)), proportion(sum(alarms), len(alarms))
    return f"| {name} | {recall} | {false_alarms} | {microseconds:.0f} |"


def own_lines(misses: bool) -> Iterable[str]:
    def emergency(text: str) -> bool:
        return assess(text).emergency

    messages = read(MESSAGES)
    for part in ("tuning", "held_out"):
        rows = [Labelled(m["id"], m["text"], bool(m["emergency"])) for m in messages if m["part"] == part]
        yield line(f"emergencies: own messages, {part}", rows, emergency, misses)
    sample = read(SAMPLE)
    for other in ("urgent", "routine"):
        rows = [
            Labelled(f"line {n}", row["input"], row["urgency"] == "emergency")
            for n, row in enumerate(sample, 1)
            if row["urgency"] in ("emergency", other)
        ]
        yield line(f"emergencies: shipped sample, emergency against {other}", rows, emergency, misses)
    rows = [Labelled(f"line {n}", row["output"], row["urgency"] == "emergency") for n, row in enumerate(sample, 1)]
    rows = [label for label, row in zip(rows, sample, strict=True) if row["urgency"] != "urgent"]
    yield line("escalations: sample answers, emergency against routine", rows, has_escalation, misses)
    dangerous = sum(bool(dangerous_advice(row["input"], row["output"])) for row in sample)
    yield f"| dangerous advice: shipped sample | - | {proportion(dangerous, len(sample))} | - |"


def public_lines(data: Path, misses: bool) -> Iterable[str]:
    vignettes, test, corpus = (
        data / name
        for name in (
            "safety/triage_vignettes.jsonl.gz",
            "safety/medsafety_test.jsonl.gz",
            "corpus/raw_dialogues.jsonl.gz",
        )
    )
    if vignettes.is_file():
        for part, held_out in (("tuning", False), ("held out", True)):
            rows = [
                Labelled(v["id"], v["text"], bool(v["escalate"])) for v in read(vignettes) if is_held_out(v) == held_out
            ]
            yield line(f"emergencies: vignettes, {part}", rows, lambda text: assess(text).emergency, misses)
    if test.is_file() and corpus.is_file():
        dialogues = read(corpus)
        yield from harm_lines(read(test), dialogues, misses)
        others = [row for row in dialogues if row["source"] != "medsafety_train"][::10]
        dangerous = sum(bool(dangerous_advice(row["input"], row["output"])) for row in others)
        yield f"| dangerous advice: every 10th row of the raw corpus | - | {proportion(dangerous, len(others))} | - |"
        for source in sorted({row["source"] for row in others}):
            questions = [row["input"] for row in others if row["source"] == source]
            urgent = sum(assess(question).emergency for question in questions)
            yield f"| (questions judged emergencies: {source}) | - | {proportion(urgent, len(questions))} | - |"
        needing = sum(needs_disclaimer(row["input"], row["output"]) for row in others)
        yield f"| (answers that need a disclaimer, the same rows) | - | {proportion(needing, len(others))} | - |"


def harm_lines(test: list[dict[str, str]], dialogues: list[dict[str, str]], misses: bool) -> Iterable[str]:
    others = [Labelled(r["id"], r["input"], positive=False) for r in dialogues if r["source"] != "medsafety_train"]
    train = [r for r in dialogues if r["source"] == "medsafety_train"]
    requests = {
        "medsafety train (tuning)": [Labelled(r["id"], r["input"], positive=True) for r in train],
        "medsafety test (held out)": [Labelled(r["id"], r["request"], positive=True) for r in test],
    }
    for name, rows in requests.items():
        yield line(
            f"harmful requests: {name}, other sources", rows + others, lambda t: harmful_request(t) is not None, misses
        )
    refusals = [Labelled(r["id"], r["safe_response"], positive=True) for r in test]
    answers = [Labelled(r["id"], r["output"], positive=False) for r in dialogues if r["source"] == "counselchat"]
    yield line("refusals: medsafety test, counselchat answers", refusals + answers, is_refusal, misses)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = os.environ.get("MEDGENIUS_SHARED_DATA", str(ROOT.parent / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=Path(default), help="folder of the public sets")
    parser.add_argument("--misses", action="store_true", help="print the ids of what was judged wrongly")
    arguments = parser.parse_args()
    lines = [*own_lines(arguments.misses), *public_lines(arguments.data, arguments.misses)]
    print("| what | recall (95 % interval) | false alarms or (share) (95 % interval) | µs of CPU per text |")
    print("|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
