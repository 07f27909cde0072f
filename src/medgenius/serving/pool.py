"""Engines that compute elsewhere: a thread waits for each answer that is written, and further questions queue."""

import logging
import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from medgenius.config.serve import RESERVED
from medgenius.serving.engine import Cancel, End, FullError, Listener, Load, Piece, Question

_log = logging.getLogger("medgenius.serving")
_TUNED = RESERVED[1]


@dataclass(frozen=True, slots=True, eq=False)
class _Order:
    question: Question
    listener: Listener
    begun: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)


class PooledEngine(ABC):
    """The queue and the threads; a subclass writes one answer."""

    def __init__(self, streams: int, waiting: int) -> None:
        self._streams = streams
        self._most_waiting = waiting
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._present: set[_Order] = set()
        """Those that wait or are being answered"""
        self._lock = threading.Lock()
        self._closing = False
        self._threads = [threading.Thread(target=self._work, name=f"stream-{n}", daemon=True) for n in range(streams)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    @property
    def names(self) -> tuple[str, ...]:
        return (_TUNED,)

    @property
    def load(self) -> Load:
        present = len(self._present)
        running = min(present, self._streams)
        return Load(running, present - running)

    @property
    def is_alive(self) -> bool:
        return not self._closing and self.can_answer()

    def submit(self, question: Question, listener: Listener) -> Cancel:
        order = _Order(question, listener)
        with self._lock:
            if self._closing or len(self._present) >= self._streams + self._most_waiting:
                raise FullError("the server is at its limit: too many questions wait already")
            self._present.add(order)
            self._orders.put(order)
        return partial(self._cancel, order)

    def _cancel(self, order: _Order) -> None:
        """One that waits gives its place away at once, one that is being answered when its thread has left it."""
        order.cancelled.set()
        with self._lock:
            if not order.begun.is_set():
                self._present.discard(order)

    def close(self) -> None:
        with self._lock:
            self._closing = True
            for _ in self._threads:
                self._orders.put(None)
        for thread in self._threads:
            thread.join()
        self.end()

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            with self._lock:
                order.begun.set()
            try:
                end = "stop" if order.cancelled.is_set() else self._answered(order)
            finally:
                with self._lock:
                    self._present.discard(order)
            order.listener(Piece("", 0, end))

    def _answered(self, order: _Order) -> End:
        def show(text: str, tokens: int) -> bool:
            if text or tokens:
                order.listener(Piece(text, tokens))
            return order.cancelled.is_set()

        try:
            return self.answer(order.question, show)
        except Exception:
            _log.exception("the engine failed; its answer ends")
            return "failed"

    @abstractmethod
    def answer(self, question: Question, show: Callable[[str, int], bool]) -> End:
        """Write an answer.

        Args:
            show: takes a piece's text and number of tokens; tells whether to stop
        """

    @abstractmethod
    def can_answer(self) -> bool: ...

    @abstractmethod
    def end(self) -> None: ...
