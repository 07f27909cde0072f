"""What a person sees of a stage: rows, rows per second and time left."""

import time

from rich.console import Console

from medgenius.config.duration import duration
from medgenius.watching import Watched


class StageProgress:
    """Of one stage; use as a context."""

    def __init__(self, console: Console, name: str, total: int | None, done: int = 0) -> None:
        self._total = total
        self._done = self._begun = done
        self._started = time.perf_counter()
        self._watched = Watched(console, name, total, self._text)

    def __enter__(self) -> "StageProgress":
        self._watched.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._watched.stop(tells_last=kind is None)

    def advance(self, rows: int) -> None:
        self._done += rows
        self._watched.update(self._done)

    def _text(self) -> str:
        seconds = time.perf_counter() - self._started
        speed = (self._done - self._begun) / max(seconds, 1e-6)
        of = f"/{self._total:,}" if self._total is not None else ""
        left = ""
        if self._total is not None and self._done < self._total and speed:
            left = f" · {duration((self._total - self._done) / speed)} left"
        return f"{self._done:,}{of} rows in {seconds:,.1f} s · {speed:,.0f} rows/s{left}"
