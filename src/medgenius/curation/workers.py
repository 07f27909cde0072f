"""Worker processes: jobs in, results out in any order; none outlives the process that started it."""

import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_context, parent_process
from typing import Final, TypeVar

from medgenius.errors import RunError
from medgenius.reading.withheld import words_withheld

J = TypeVar("J")
R = TypeVar("R")

_WAITING: Final = 2
"""Jobs handed out per process, so that none waits for the next and few results wait to be taken."""


def own_peak_memory() -> int:
    """The most memory that this process has held so far, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


class Workers:
    """A pool that starts with its first job.

    Use as a context; leaving it with an error ends the processes, whatever they are doing.
    """

    def __init__(self, count: int | None) -> None:
        self.count = count or _cores()
        self._pool: ProcessPoolExecutor | None = None
        self._peaks: dict[int, int] = {}

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._pool is None:
            return
        if kind is not None:  # nobody waits for what they are at; Python names no public way before 3.14
            for process in list((self._pool._processes or {}).values()):
                process.terminate()
        self._pool.shutdown(cancel_futures=True)

    @property
    def peak_memory_bytes(self) -> int:
        """This process's peak and each worker's added up: at least what all held at one moment."""
        return own_peak_memory() + sum(self._peaks.values())

    def map(self, function: Callable[[J], R], jobs: Iterable[J]) -> Iterator[tuple[J, R]]:
        """Each job with its result, in the order in which they get done.

        Raises:
            RunError: a worker ended without a word, usually for want of memory.
        """
        if self._pool is None:
            # Not forked: this process has threads by now, and what they hold would be copied.
            context = get_context("spawn")
            self._pool = ProcessPoolExecutor(self.count, context, initializer=_begin_worker)
        running: dict[Future[tuple[R, int, int]], J] = {}
        waiting = iter(jobs)
        try:
            while True:
                while len(running) < _WAITING * self.count and (job := next(waiting, None)) is not None:
                    running[self._pool.submit(_call, function, job)] = job
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    result, process, peak = future.result()
                    self._peaks[process] = peak
                    yield running.pop(future), result
        except BrokenProcessPool:
            raise RunError("a worker process was ended from outside; the same command goes on from here") from None


def _cores() -> int:
    """Those that this process may use, where the system says so."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS


def _call(function: Callable[[J], R], job: J) -> tuple[R, int, int]:
    with words_withheld():  # the parent would print them
        result = function(job)
    return result, os.getpid(), own_peak_memory()


def _begin_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the parent ends its workers itself
    # One process per core is the parallelism here; libraries must not start threads of their own besides.
    os.environ.update(OMP_NUM_THREADS="1", RAYON_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that was killed can't end its workers."""
    parent = parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)
