"""What is asked, of an engine itself and over HTTP, and how figures are told."""

import queue
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from load.clients import Body, Job, Result, ask
from load.hosts import Host
from medgenius.data.dialogue import Message
from medgenius.serving.engine import Engine, Piece, Question
from medgenius.serving.models import Served, Speaker

LINE = "my left knee has been a little stiff in the morning for about a month, and it clicks on the stairs;"
WORDS = LINE.split()
PROMPT_TOKENS = 100
Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Size:
    tokens: int
    """Of each answer"""
    streams: int
    requests: int
    """Of a round with all streams; a round with one has an eighth of them"""
    rounds: int


def questions(speaker: Speaker, count: int) -> list[str]:
    """Messages that differ from their first word on, each a prompt of 100 tokens with the run's instruction."""
    found = []
    for number in range(count):
        words = [f"For {number + 2} weeks"]
        while len(speaker.prompt_ids([Message("user", " ".join(words))])) < PROMPT_TOKENS:
            words.append(WORDS[len(words) % len(WORDS)])
        found.append(" ".join(words))
    return found


class Asked:
    """One question to an engine: when its first token came, and what."""

    def __init__(self, engine: Engine, ids: Sequence[int], tokens: int) -> None:
        self.first: float | None = None
        self.tokens = 0
        self.text = ""
        self._heard: queue.SimpleQueue[Piece] = queue.SimpleQueue()
        self._begun = time.perf_counter()
        engine.submit(Question("tuned", list(ids), tokens), self._hear)

    def _hear(self, piece: Piece) -> None:
        if piece.tokens and self.first is None:
            self.first = time.perf_counter() - self._begun
        self.tokens += piece.tokens
        self.text += piece.text
        if piece.end:
            self._heard.put(piece)

    def wait(self) -> "Asked":
        self._heard.get()
        return self


def direct(served: Served, texts: Sequence[str], size: Size, streams: int, requests: int) -> float:
    """Tokens per second from the engine itself, `streams` clients that each ask again at once."""
    prompts = [served.speakers["tuned"].prompt_ids([Message("user", text)]) for text in texts]
    lock, left, total = threading.Lock(), iter(range(requests)), 0

    def work() -> None:
        nonlocal total
        while True:
            with lock:
                number = next(left, None)
            if number is None:
                return
            tokens = Asked(served.engine, prompts[number % len(prompts)], size.tokens).wait().tokens
            with lock:
                total += tokens

    begun = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(streams)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return total / (time.perf_counter() - begun)


def chats(texts: Sequence[str], tokens: int) -> list[Body]:
    return [
        {
            "model": "tuned",
            "messages": [{"role": "user", "content": text}],
            "max_tokens": tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        for text in texts
    ]


def over_http(host: Host, bodies: list[Body], path: str, streams: int, requests: int) -> Result:
    result = ask(Job(host.port, path, host.key, bodies, streams, requests))
    assert set(result.statuses) == {"200"}, (result.statuses, result.reasons)
    return result


def in_rounds(rounds: int, *measures: Callable[[], float]) -> list[list[float]]:
    """Each measure's figures; the order turns round with each round."""
    found: list[list[float]] = [[] for _ in measures]
    for number in range(rounds):
        pairs = list(zip(measures, found, strict=True))
        for measure, figures in pairs if number % 2 == 0 else reversed(pairs):
            figures.append(measure())
    return found


def spread(figures: Sequence[float], unit: str = "tok/s", digits: int = 1) -> str:
    middle, low, high = statistics.median(figures), min(figures), max(figures)
    return f"{middle:.{digits}f} {unit} ({low:.{digits}f}–{high:.{digits}f})"


def ratios(some: Sequence[float], others: Sequence[float]) -> list[float]:
    return [a / b for a, b in zip(some, others, strict=True)]
