"""What a person sees of a set of items: items written, share of the work, time left."""

import time

from rich.console import Console

from medgenius.config.duration import duration
from medgenius.watching import Watched


class SetProgress:
    """Of one set; use as a context.

    Args:
        total: work of the items that are left, in any unit.
        items: items that are left.
    """

    def __init__(self, console: Console, name: str, total: float, items: int) -> None:
        self._total = total
        self._items = items
        self._done = 0.0
        self._items_done = 0
        self._started = time.perf_counter()
        self._watched = Watched(console, name, total, self._text)

    def __enter__(self) -> "SetProgress":
        self._watched.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._watched.stop(tells_last=kind is None)

    def advance(self, work: float) -> None:
        """Some of the work of an item was done."""
        self._done += work
        self._watched.update(self._done)

    def written(self, items: int) -> None:
        """The records of so many items are on disk."""
        self._items_done += items
        self._watched.update(self._done)

    def _text(self) -> str:
        seconds = time.perf_counter() - self._started
        share = self._done / self._total if self._total else 1.0
        left = f" · {duration(seconds / share * (1 - share))} left" if 0 < share < 1 else ""
        items = f"{self._items_done:,}/{self._items:,} items"
        return f"{items}, {share:.0%} of the work · {duration(seconds)}{left}"
