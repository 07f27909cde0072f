"""Several runs side by side."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from medgenius.runs import Run


def runs_table(paths: Sequence[Path]) -> Table:
    """One row per run directory, the lowest validation loss first; runs that failed come last."""
    rows = [(path, _summary(Run(path, path.name))) for path in paths]
    table = Table(title=f"{len(rows)} runs", title_justify="left")
    table.add_column("run", overflow="fold")
    for column in ("validation loss", "before", "tok/s", "time s", "parameters", "status"):
        table.add_column(column, justify="right")
    for path, summary in sorted(rows, key=lambda row: _loss(row[1])):
        table.add_row(
            path.name,
            _figure(summary.get("validation_loss_after"), ".4f"),
            _figure(summary.get("validation_loss_before"), ".4f"),
            _figure(summary.get("tokens_per_second"), ",.0f"),
            _figure(summary.get("seconds"), ",.0f"),
            _figure(summary.get("trainable_parameters"), ","),
            str(summary.get("status", "no summary")),
        )
    return table


def _summary(run: Run) -> dict[str, object]:
    if not run.summary.is_file():
        return {}
    loaded: dict[str, object] = json.loads(run.summary.read_text(encoding="utf-8"))
    return loaded


def _loss(summary: dict[str, object]) -> float:
    loss = summary.get("validation_loss_after")
    return loss if isinstance(loss, float) else float("inf")


def _figure(value: object, form: str) -> str:
    return format(value, form) if isinstance(value, int | float) else "–"
