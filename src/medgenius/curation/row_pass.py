"""Steps that judge rows one at a time, several of them over one part while it is in memory."""

import pkgutil
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from medgenius.config.fields import Schema
from medgenius.curation.parts import Example, Part, StepTally, digest, keep_example, read_part, write_part
from medgenius.curation.row import Change, Rejection, Row, RowStep

_LONGEST: Final = 1500
"""Characters of a text in an example."""


@dataclass(frozen=True)
class StepSpec:
    """How a worker makes a step: steps hold models that don't travel between processes."""

    name: str
    path: str
    """Where its class stands: `package.module:Class`."""
    config: Schema


@dataclass(frozen=True, slots=True)
class RowJob:
    source: Path
    target: Path
    number: int
    specs: tuple[StepSpec, ...]


def run_row_job(job: RowJob) -> int:
    """All steps over one part; gives how many rows it had."""
    rows = read_part(job.source, job.number).rows
    count = len(rows)
    rejected: list[Rejection] = []
    tallies: dict[str, StepTally] = {}
    for spec in job.specs:
        step = _made(spec)
        tally = tallies[spec.name] = StepTally(rows_in=len(rows))
        started = time.perf_counter()
        results = apply(step, rows)
        tally.seconds = time.perf_counter() - started
        rows = settle(rows, results, tally, rejected)
    write_part(job.target, job.number, Part(rows, rejected, tallies))
    return count


_STEPS: Final[dict[str, RowStep]] = {}
"""The steps of this process, each made once."""


def _made(spec: StepSpec) -> RowStep:
    key = digest(spec.name, spec.path, spec.config.model_dump())
    if key not in _STEPS:
        _STEPS[key] = cast("RowStep", pkgutil.resolve_name(spec.path)(spec.config))
    return _STEPS[key]


def apply(step: RowStep, rows: Sequence[Row]) -> list[Row | Rejection]:
    """The step's results; where it fails, row by row, so that one row's failure costs that row alone."""
    try:
        return _checked(step, rows)
    except Exception:
        return [_alone(step, row) for row in rows]


def _alone(step: RowStep, row: Row) -> Row | Rejection:
    try:
        return _checked(step, [row])[0]
    except Exception as error:
        # The error's own text may quote the row.
        return Rejection(row, step.name, "step_failed", type(error).__name__)


def _checked(step: RowStep, rows: Sequence[Row]) -> list[Row | Rejection]:
    results = step(rows) if rows else []
    for row, result in zip(rows, results, strict=True):
        if (result.row if isinstance(result, Rejection) else result).key != row.key:
            raise ValueError("results are not in the order of their rows")
    return results


def settle(
    rows: Sequence[Row], results: Sequence[Row | Rejection], tally: StepTally, rejected: list[Rejection]
) -> list[Row]:
    """Part kept rows from rejected ones and count what happened."""
    kept: list[Row] = []
    for before, result in zip(rows, results, strict=True):
        if isinstance(result, Rejection):
            rejected.append(result)
            tally.reasons[result.reason] += 1
            keep_example(tally.dropped, result.reason, _example(result.reason, result.detail, before, None))
            continue
        kept.append(result)
        changes = result.changes[len(before.changes) :]
        if changes:
            tally.rows_changed += 1
            tally.rules.update(_by_rule(changes))
            label = ", ".join(sorted({change.rule for change in changes}))
            keep_example(tally.changed, label, _example(label, "", before, result))
    return kept


def _by_rule(changes: Sequence[Change]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for change in changes:
        counts[change.rule] += change.count
    return counts


def _example(label: str, detail: str, before: Row, after: Row | None) -> Example:
    old, new = shown(before), "" if after is None else shown(after)
    return Example(before.key, label, detail, *_around_difference(old, new))


def shown(row: Row) -> str:
    """A row as a reader of the report sees it; nothing of a row without texts."""
    if not (row.input or row.output):
        return ""
    return f"{row.input}\n\n→ {row.output}"


def _around_difference(before: str, after: str) -> tuple[str, str]:
    """Both texts from a little before the place where they part, cut to a length."""
    same = 0
    if after:
        limit = min(len(before), len(after))
        while same < limit and before[same] == after[same]:
            same += 1
    start = max(0, same - 120)
    return _cut(before, start), _cut(after, start)


def _cut(text: str, start: int) -> str:
    piece = text[start : start + _LONGEST]
    return ("… " if start and piece else "") + piece + (" …" if len(text) > start + _LONGEST else "")
