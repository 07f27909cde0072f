"""Engines with a thread for each answer: who runs, who waits, who has left."""

import threading
from collections.abc import Callable, Iterator

import pytest

from medgenius.serving.engine import End, FullError, Load, Piece, Question
from medgenius.serving.pool import PooledEngine
from tests.serving.support import wait_for

QUESTION = Question("tuned", [1], 1)


class HeldEngine(PooledEngine):
    """Answers when it is let."""

    def __init__(self, streams: int, waiting: int) -> None:
        super().__init__(streams, waiting)
        self.let = threading.Event()
        self.begun = threading.Event()

    def answer(self, question: Question, show: Callable[[str, int], bool]) -> End:  # noqa: ARG002
        self.begun.set()
        self.let.wait(20)
        return "stop"

    def can_answer(self) -> bool:
        return True

    def end(self) -> None:
        pass


@pytest.fixture
def engine() -> Iterator[HeldEngine]:
    engine = HeldEngine(streams=1, waiting=2)
    engine.start()
    yield engine
    engine.let.set()
    engine.close()


def test_who_leaves_the_queue_gives_the_place_away(engine: HeldEngine) -> None:
    ended: list[Piece] = []
    running = engine.submit(QUESTION, ended.append)
    engine.begun.wait(20)
    waiting = [engine.submit(QUESTION, ended.append) for _ in range(2)]
    with pytest.raises(FullError):
        engine.submit(QUESTION, ended.append)
    for cancel in [running, *waiting, *waiting]:
        cancel()

    assert engine.load == Load(1, 0)
    engine.submit(QUESTION, ended.append)
    engine.submit(QUESTION, ended.append)
    with pytest.raises(FullError):
        engine.submit(QUESTION, ended.append)
    engine.let.set()
    wait_for(lambda: len(ended) == 5)
    assert engine.load == Load(0, 0)
