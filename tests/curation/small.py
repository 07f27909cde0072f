"""Small real steps and configs for tests of the pipeline; run as a module it curates in a process of its own."""

import hashlib
import json
import random
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from medgenius.config.app import composed
from medgenius.config.curate import CurateConfig
from medgenius.config.fields import Schema
from medgenius.curation import order
from medgenius.curation.curate import curate_with
from medgenius.curation.row import Change, Rejection, Row
from medgenius.curation.row_pass import StepSpec

MARKER = "Ms Marker"


class Seeded(Schema):
    """Of a step that changes, drops or fails on rows by a hash of their question."""

    name: str
    seed: int
    change: int
    drop: int
    fail: int
    """Of a hundred rows."""


class Hashed:
    def __init__(self, config: Seeded) -> None:
        self.name = config.name
        self._config = config

    def __call__(self, rows: Sequence[Row]) -> list[Row | Rejection]:
        return [self._one(row) for row in rows]

    def _one(self, row: Row) -> Row | Rejection:
        mark = f" [{self.name}]"  # of the question alone, which no step changes: a second pass decides alike
        place = int(hashlib.sha256(f"{self._config.seed}{row.input}".encode()).hexdigest(), 16) % 100
        if place < self._config.fail:
            raise ValueError(f"cannot do this: {row.input}")
        place -= self._config.fail
        if place < self._config.drop:
            return Rejection(row, self.name, f"reason_{place % 3}")
        place -= self._config.drop
        if place < self._config.change and mark not in row.output:
            change = Change(self.name, "output", f"rule_{place % 4}", 1)
            return replace(row, output=row.output + mark, changes=(*row.changes, change))
        return row


class Tags(Schema):
    """Of a step that needs no settings."""


class NoTags:
    name = "no_tags"

    def __init__(self, config: Tags) -> None:
        pass

    def __call__(self, rows: Sequence[Row]) -> list[Row | Rejection]:
        return [self._one(row) for row in rows]

    def _one(self, row: Row) -> Row:
        text, count = re.subn(r"<[^>]+>", "", row.output)
        change = Change(self.name, "output", "html", count)
        return replace(row, output=text, changes=(*row.changes, change)) if count else row


def hashed_step(name: str, seed: int = 0, change: int = 20, drop: int = 10, fail: int = 5) -> StepSpec:
    return StepSpec(
        name, "tests.curation.small:Hashed", Seeded(name=name, seed=seed, change=change, drop=drop, fail=fail)
    )


def config(data: Path, output: Path, *overrides: str) -> CurateConfig:
    """conf/curate.yaml, with words for tokens so that no tokenizer is looked for."""
    own = "curation.steps=[duplicates,decontaminate,split]"
    values = [f"data.path={data}", f"output={output}", "curation.report.tokenizer=null", own, *overrides]
    return composed(CurateConfig, *values)


def specs_around(chosen: CurateConfig, before: Sequence[StepSpec], after: Sequence[StepSpec] = ()) -> list[StepSpec]:
    """Some row steps, the corpus's own steps, some more row steps, and the split at last."""
    *own, split = order.chosen(chosen.curation)
    return [*before, *own, *after, split]


STEPS = (hashed_step("one", 1), StepSpec("no_tags", "tests.curation.small:NoTags", Tags()), hashed_step("two", 2))
LATER = (hashed_step("three", 3),)


def run(data: Path, output: Path, *overrides: str, console: Console | None = None) -> Path:
    chosen = config(data, output, *overrides)
    return curate_with(specs_around(chosen, STEPS, LATER), chosen, console or Console(quiet=True))


def raw_rows(count: int, seed: int = 0) -> list[dict[str, object]]:
    """Rows with some copies, some tags and some that are no rows."""
    draw = random.Random(seed)
    vocabulary = [f"word{i}" for i in range(3000)]
    rows: list[dict[str, object]] = []
    for _ in range(count):
        kind = draw.random()
        if rows and kind < 0.05:
            rows.append(dict(draw.choice(rows)))
        elif rows and kind < 0.08:
            rows.append({"input": "a question without answer"})
        else:
            question, answer = (" ".join(draw.choices(vocabulary, k=k)) for k in (12, 60))
            tagged = f"<p>{answer}</p>" if kind < 0.3 else answer
            rows.append({"instruction": "", "input": question, "output": tagged, "source": f"s{draw.randrange(3)}"})
    return rows


def write_jsonl(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


STABLE = ("dialogues.jsonl", "changes.jsonl", "rejected.jsonl", "README.md")
"""Files that hold no time and no memory."""


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in STABLE}


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:], console=Console())
