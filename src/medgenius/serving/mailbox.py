"""From an engine's threads to the event loop: whatever comes while the loop is busy is handed over at one wake-up.

A wake-up is a system call, as dear as all that is done with a token besides.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Of one event loop. `put` may be called on any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._letters: deque[Callable[[], None]] = deque()
        self._is_woken = False

    def put(self, receiver: Callable[[T], None], letter: T) -> None:
        """Have `receiver` called with `letter` on the loop, in the order of the calls of one thread."""
        self._letters.append(partial(receiver, letter))
        # Who sees it unset wakes the loop; it is unset before the letters are read, so none is left behind.
        if not self._is_woken:
            self._is_woken = True
            with suppress(RuntimeError):  # the loop has ended, and all receivers with it
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._is_woken = False
        while self._letters:
            self._letters.popleft()()
