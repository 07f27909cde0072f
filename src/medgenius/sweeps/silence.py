"""A worker that has nothing to do, while the trials of other machines may have died."""

import time
from collections.abc import Mapping
from datetime import datetime

from medgenius.config.duration import seconds
from medgenius.sweeps.queue import Queue

_LONGEST_LOOK = 10.0
"""Seconds between two looks at the study."""


class Silence:
    """The wait for a sign of life of each trial that was uncertain when it began. Who gives none is taken over."""

    def __init__(self, queue: Queue, uncertain: Mapping[int, float]) -> None:
        self._before = dict(uncertain)
        self._patience = queue.patience()
        self._pause = min(_LONGEST_LOOK, seconds(queue.config.heartbeat) / 2)
        self._is_told = False

    def lasts(self, uncertain: Mapping[int, float]) -> bool:
        """Wait a little, unless all that are still uncertain have given a sign since, or have begun since."""
        silent = {number: seen for number, seen in uncertain.items() if self._before.get(number) == seen}
        if not silent:
            return False
        if not self._is_told:
            names = ", ".join(map(str, sorted(silent)))
            until = datetime.fromtimestamp(max(silent.values()) + self._patience).astimezone()
            which = f"trial {names}" if len(silent) == 1 else f"trials {names}"
            print(f"{which} may have died elsewhere: waiting for a sign of life, at most until {until:%X}", flush=True)
            self._is_told = True
        time.sleep(self._pause)
        return True
