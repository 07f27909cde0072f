"""Rows of runs as a table: the settings that differ, then the figures, sorted by any of them."""

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from rich.markup import escape
from rich.table import Table

from medgenius.comparison.rows import RunRow
from medgenius.errors import ConfigError
from medgenius.files import Json

_WORDS: Final[Mapping[str, Callable[[RunRow], str]]] = {"run": lambda row: row.name, "status": lambda row: row.status}
"""Columns of words."""


@dataclass(frozen=True, slots=True)
class RunTable:
    """Runs in their order, with the names of the columns that are shown."""

    rows: Sequence[RunRow]
    settings: Sequence[str]
    """Keys in which the runs differ"""
    figures: Sequence[str]
    """Of at least one run"""

    @property
    def columns(self) -> list[str]:
        return ["run", *self.settings, *self.figures, "status"]

    def cells(self) -> list[list[str]]:
        """As text, a list for each run."""
        return [
            [
                row.name,
                *(_setting(row, key) for key in self.settings),
                *(_figure(row.figures.get(name)) for name in self.figures),
                row.status,
            ]
            for row in self.rows
        ]


def run_table(rows: Sequence[RunRow], sort: str) -> RunTable:
    """
    Args:
        sort: a figure, the best first; a setting, the smallest first; or run or status, by the alphabet. Runs
            without it come last.

    Raises:
        ConfigError: no run has a column of that name.
    """
    settings = _differing(rows)
    figures = list(dict.fromkeys(name for row in rows for name in row.figures))
    if sort in _WORDS:
        return RunTable(sorted(rows, key=_WORDS[sort]), settings, figures)
    every_setting = {key for row in rows for key in row.settings}
    if sort not in figures and sort not in every_setting:
        if sort == "validation_loss":  # the default, where no run has come so far
            return RunTable(rows, settings, figures)
        meant = get_close_matches(sort, [*figures, *every_setting], n=1)
        told = (
            f"did you mean {meant[0]}?" if meant else f"there are: {', '.join(['run', *settings, *figures, 'status'])}"
        )
        raise ConfigError(f"sort={sort}: no run has such a column; {told}")
    highest_first = any(sort in row.higher_is_better for row in rows)
    return RunTable(sorted(rows, key=lambda row: _place(row, sort, highest_first=highest_first)), settings, figures)


def _differing(rows: Sequence[RunRow]) -> list[str]:
    known = [row for row in rows if row.settings]
    keys = dict.fromkeys(key for row in known for key in row.settings)
    return [key for key in keys if any(row.settings.get(key) != known[0].settings.get(key) for row in known)]


def _place(row: RunRow, column: str, *, highest_first: bool) -> tuple[bool, float, str]:
    """Numbers by size, all else by its text."""
    value: Json = row.figures.get(column, row.settings.get(column))
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return False, -value if highest_first else value, ""
    return value is None, math.inf, "" if value is None else str(value)


def _setting(row: RunRow, key: str) -> str:
    if key not in row.settings:
        return ""
    value = row.settings[key]
    return "null" if value is None else str(value)


def _figure(value: float | None) -> str:
    """Four decimals for what is small, none for what is large."""
    if value is None:
        return ""
    if abs(value) >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.1f}"


def as_text(table: RunTable) -> Table:
    """For a terminal."""
    drawn = Table(title=f"{len(table.rows)} runs", title_justify="left")
    for place, column in enumerate(table.columns):
        drawn.add_column(escape(column), overflow="fold", justify="left" if place == 0 else "right")
    for cells in table.cells():
        drawn.add_row(*map(escape, cells))
    return drawn


def as_csv(table: RunTable) -> str:
    """Every figure in full; a line for each run, with its path behind its status."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([*table.columns, "path"])
    for row in table.rows:
        settings = [_setting(row, key) for key in table.settings]
        writer.writerow([row.name, *settings, *(row.figures.get(name) for name in table.figures), row.status, row.path])
    return buffer.getvalue()
