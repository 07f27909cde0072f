"""A progress bar for each set of items, with the time left; plain lines where no terminal watches."""

import time
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from medgenius.config.duration import duration

_LINE_EVERY: Final = 15.0
"""Seconds between lines without a terminal."""


class SetProgress:
    """Of one set; use as a context.

    Args:
        total: work of the items that are left, in any unit.
        items: items that are left.
    """

    def __init__(self, console: Console, name: str, total: float, items: int) -> None:
        self._console = console
        self._name = name
        self._total = total
        self._items = items
        self._done = 0.0
        self._items_done = 0
        self._started = self._last_line = time.perf_counter()
        self._bar = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[items]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(name, total=total, items=self._count())

    def __enter__(self) -> "SetProgress":
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._bar.stop()
        if kind is None and not self._console.is_terminal:
            self._line()

    def advance(self, work: float) -> None:
        """Some of the work of an item was done."""
        self._done += work
        self._bar.update(self._task, completed=self._done)
        now = time.perf_counter()
        if not self._console.is_terminal and now - self._last_line >= _LINE_EVERY:
            self._last_line = now
            self._line()

    def written(self, items: int) -> None:
        """The records of so many items are on disk."""
        self._items_done += items
        self._bar.update(self._task, items=self._count())

    def _count(self) -> str:
        return f"{self._items_done:,}/{self._items:,} items"

    def _line(self) -> None:
        seconds = time.perf_counter() - self._started
        share = self._done / self._total if self._total else 1.0
        left = f" · {duration(seconds / share * (1 - share))} left" if 0 < share < 1 else ""
        text = f"{self._name}: {self._count()}, {share:.0%} of the work · {duration(seconds)}{left}"
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)
