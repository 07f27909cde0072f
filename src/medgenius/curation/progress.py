"""A progress bar for each stage: rows per second and time left; plain lines where no terminal watches."""

import time
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_LINE_EVERY: Final = 30.0
"""Seconds between lines without a terminal."""


class StageProgress:
    """Of one stage; use as a context."""

    def __init__(self, console: Console, name: str, total: int | None, done: int = 0) -> None:
        self._console = console
        self._name = name
        self._total = total
        self._done = self._begun = done
        self._started = self._last_line = time.perf_counter()
        self._bar = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]:,.0f} rows/s"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(name, total=total, completed=done, speed=0.0)

    def __enter__(self) -> "StageProgress":
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._bar.stop()
        if kind is None and not self._console.is_terminal:
            self._line()

    def advance(self, rows: int) -> None:
        self._done += rows
        self._bar.update(self._task, completed=self._done, speed=self._speed)
        now = time.perf_counter()
        if not self._console.is_terminal and now - self._last_line >= _LINE_EVERY:
            self._last_line = now
            self._line()

    @property
    def _speed(self) -> float:
        return (self._done - self._begun) / max(time.perf_counter() - self._started, 1e-6)

    def _line(self) -> None:
        of = f"/{self._total:,}" if self._total is not None else ""
        left = ""
        if self._total is not None and 0 < self._done < self._total and self._speed:
            left = f", {(self._total - self._done) / self._speed:,.0f} s left"
        seconds = time.perf_counter() - self._started
        text = f"{self._name}: {self._done:,}{of} rows in {seconds:,.1f} s, {self._speed:,.0f} rows/s{left}"
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)
