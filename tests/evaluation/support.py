"""What tests of several evaluations share: a quick one, and invented rows for the empathy classifier."""

import gzip
import io
import json
import random
from pathlib import Path

from rich.console import Console

from medgenius.config.app import composed
from medgenius.config.evaluate import EvaluateConfig
from medgenius.evaluation.evaluate import evaluate
from medgenius.evaluation.metrics.empathy import SCALES

SMALL = ("evaluation.max_new_tokens=6", "evaluation.items_at_once=2", "evaluation.resamples=200")
"""Of an evaluation: what takes no longer than it must."""

_PHRASES = {
    "emotional_reactions": ("", "hope it helps", "i am so sorry you hurt this much"),
    "interpretations": ("", "that seems hard", "you must feel torn between two lives"),
    "explorations": ("", "what happened ?", "are you feeling alone since he left you ?"),
}
FILLER = "the of and day work home book walk again maybe some other thing here now then".split()  # noqa: SIM905


def invented_rows(count: int, posts: int, *, told: bool = True) -> list[dict[str, object]]:
    """Replies whose words tell the levels, or do not."""
    draw = random.Random(3)
    rows: list[dict[str, object]] = []
    for number in range(count):
        levels = {scale: draw.randrange(3) for scale in SCALES}
        parts = [_PHRASES[scale][levels[scale] if told else draw.randrange(3)] for scale in SCALES]
        words = " ".join([*draw.choices(FILLER, k=5), *parts])
        rows.append(
            {"id": str(number), "seeker_post": f"post {number % posts}", "response_post": words, "levels": levels}
        )
    return rows


def written(path: Path, rows: list[dict[str, object]]) -> Path:
    with gzip.open(path, "wt", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def evaluated_into(folder: Path, run: Path, *overrides: str) -> str:
    """In this process, which has imported everything already; gives what was printed."""
    said = io.StringIO()
    config = composed(EvaluateConfig, f"run.path='{run}'", f"output='{folder}'", *overrides)
    assert evaluate(config, Console(file=said, width=200)) == folder
    return said.getvalue()
