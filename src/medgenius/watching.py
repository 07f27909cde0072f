"""Long work that a person watches: a bar in a terminal, and where none watches, a line now and then."""

import time
from collections.abc import Callable
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

_LINE_EVERY: Final = 30.0
"""Seconds between lines without a terminal."""


class Watched:
    """One piece of work; use as a context, or `start` and `stop` it."""

    def __init__(self, console: Console, name: str, total: float | None, text: Callable[[], str]) -> None:
        """
        Args:
            name: stands before the bar, and begins each line; "" where there is no other work to tell it from.
            total: of the work, in any unit; None where nobody knows.
            text: how the work stands now: figures, time left.
        """
        self._console = console
        self._name = name
        self._text = text
        self._last_line = time.perf_counter()
        self._is_told = False
        """Whether the last line tells how the work stands"""
        self._bar = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[text]}", markup=False),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(name, total=total, text="")

    def __enter__(self) -> "Watched":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.stop(tells_last=kind is None)

    def start(self) -> None:
        self._bar.start()

    def stop(self, *, tells_last: bool) -> None:
        """The work has ended.

        Args:
            tells_last: without a terminal, with a line that tells how.
        """
        self._bar.stop()
        if tells_last and not self._is_told and not self._console.is_terminal:
            self._tell()

    def update(self, done: float) -> None:
        """So much of the work is done."""
        self._is_told = False
        if self._console.is_terminal:
            self._bar.update(self._task, completed=done, text=self._text())
        elif time.perf_counter() - self._last_line >= _LINE_EVERY:
            self._tell()

    def _tell(self) -> None:
        self._last_line, self._is_told = time.perf_counter(), True
        line = f"{self._name}: {self._text()}" if self._name else self._text()
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)
