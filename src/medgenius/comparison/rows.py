"""A run directory as one row: its settings and the numbers that it came to."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeGuard

from medgenius.errors import RunError
from medgenius.files import Json, refuse_constant
from medgenius.resume import flat
from medgenius.runs import Run, read_config

_FIGURES: Final = {
    "validation_loss": "validation_loss_after",
    "validation_loss_before": "validation_loss_before",
    "tokens_per_second": "tokens_per_second",
    "seconds": "seconds",
    "steps": "steps",
    "trainable_parameters": "trainable_parameters",
    "peak_memory_bytes": "peak_memory_bytes",
}
"""Column, and its name in summary.json."""
_HIGHER_IS_BETTER: Final = frozenset({"tokens_per_second"})
_NEITHER_IS_BETTER: Final = frozenset({"validation_loss_before", "steps", "trainable_parameters"})
DAMAGED: Final = "damaged"
"""Status of a run that can't be read."""
_WHERE: Final = ("run.", "tracking.")
"""Where a run is kept and how it is tracked does not tell runs apart."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """What one run directory holds; empty where the run did not come so far."""

    path: Path
    name: str
    status: str
    settings: dict[str, Json] = field(default_factory=dict)
    """Under dotted keys, without those of `run` and `tracking`"""
    figures: dict[str, float] = field(default_factory=dict)
    """Of training, then of the evaluation, the tuned model's; that of another system has none"""
    higher_is_better: frozenset[str] = frozenset()
    """Figures of which the highest is the best; of the others the lowest is"""
    neither_is_better: frozenset[str] = frozenset()
    """Figures without a best"""
    caveats: tuple[str, ...] = ()
    """What must stand beside the figures of its evaluation"""


def read_rows(paths: Sequence[Path]) -> list[RunRow]:
    """A row for each run directory, and for each one inside a folder of runs.

    Raises:
        RunError: a directory is no run and holds none; a run that was named itself is damaged or of another version.
    """
    rows: list[RunRow] = []
    seen: set[Path] = set()
    for path in paths:
        for row in _rows_in(path.resolve()):
            if row.path not in seen:
                seen.add(row.path)
                rows.append(row)
    return _with_unequal_names(rows)


def _rows_in(path: Path) -> Iterator[RunRow]:
    if Run(path, path.name).config.is_file():
        yield _row(Run(path, path.name))
        return
    inner = sorted((one for one in path.iterdir() if Run(one, one.name).config.is_file()), key=_by_number)
    if not inner:
        raise RunError(f"{path} is no run directory, and holds none: there is no config.yaml")
    for one in inner:
        try:
            yield _row(Run(one, one.name))
        except RunError:  # one of many: the others are still worth a table
            yield RunRow(one, one.name, DAMAGED)


def _by_number(path: Path) -> tuple[int, str]:
    """Jobs of a multirun in their order: 2_lora.r=8 before 10_lora.r=16."""
    number = path.name.partition("_")[0]
    return (int(number) if number.isdecimal() else -1, path.name)


def _row(run: Run) -> RunRow:
    settings = {key: value for key, value in flat(read_config(run)).items() if not key.startswith(_WHERE)}
    summary = _json(run.summary)
    figures = {name: float(value) for name, key in _FIGURES.items() if _is_number(value := summary.get(key))}
    cost = summary.get("cost")
    if isinstance(cost, dict) and _is_number(amount := cost.get("amount")):
        figures["cost"] = float(amount)
    evaluation = _json(run.evaluation.results)
    higher, neither = set(_HIGHER_IS_BETTER), set(_NEITHER_IS_BETTER)
    metrics, statistics = evaluation.get("metrics"), evaluation.get("statistics")
    if isinstance(metrics, dict) and evaluation.get("system") != "rag":
        for name, line in metrics.items():
            if isinstance(line, dict) and _is_number(value := line.get("tuned")):
                figures[name] = float(value)
    if isinstance(statistics, dict):
        sides = {name: line.get("better") for name, line in statistics.items() if isinstance(line, dict)}
        higher |= {name for name, side in sides.items() if side == "higher"}
        neither |= {name for name, side in sides.items() if side is None}
    status, caveats = summary.get("status"), evaluation.get("caveats")
    return RunRow(
        run.path,
        run.title,
        str(status or "no summary"),
        settings,
        figures,
        frozenset(higher),
        frozenset(neither),
        tuple(map(str, caveats)) if isinstance(caveats, list) else (),
    )


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _json(path: Path) -> dict[str, Json]:
    """
    Raises:
        RunError: the file is there and damaged.
    """
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse_constant)
    except (OSError, ValueError) as error:
        raise RunError(f"{path} can't be read: {str(error).splitlines()[0]}") from None
    if not isinstance(value, dict):
        raise RunError(f"{path} can't be read: it holds no object")
    return value


def _with_unequal_names(rows: Sequence[RunRow]) -> list[RunRow]:
    """Runs of one name are told apart by the folders that they lie in, as many of them as it takes."""
    names, parts = [row.name for row in rows], [1] * len(rows)
    while repeated := {name for name, count in Counter(names).items() if count > 1}:
        for place, row in enumerate(rows):
            if names[place] in repeated:
                parts[place] += 1
                names[place] = str(Path(*row.path.parts[-parts[place] :]))
    return [replace(row, name=name) for row, name in zip(rows, names, strict=True)]
