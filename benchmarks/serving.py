"""How fast a run is served: one stream against many, time to first token, what HTTP and the guard cost, and a soak.

    python benchmarks/serving.py RUN [--tokens 64] [--streams 16] [--requests 32] [--soak SECONDS] [--gguf FILE]

Prints one Markdown table. Engine figures come from the engine itself; HTTP's from the real server in a process of its
own. With --soak, twice as many clients as the server has places ask for that long, and memory is read before and after.
"""

import argparse
import http.client
import json
import queue
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from medgenius.config.app import composed
from medgenius.config.serve import ServeConfig
from medgenius.config.serving.http import ServingConfig
from medgenius.data.dialogue import Message
from medgenius.runs import Run
from medgenius.serving.engine import Engine, Piece, Question
from medgenius.serving.guard import Guard
from medgenius.serving.models import Served, load_served

QUESTION = "My left knee has been a little stiff in the morning for about a month, and it clicks on the stairs. "
PROMPT_TOKENS = 100


def prompt_of(served: Served) -> list[int]:
    """A prompt of 100 tokens, cut to that."""
    ids = served.speakers["tuned"].prompt_ids([Message("user", QUESTION * 8)])
    return [*ids[: PROMPT_TOKENS - 8], *ids[-8:]]


class Asked:
    """One question to an engine: when its first token came, and how many."""

    def __init__(self, engine: Engine, ids: Sequence[int], tokens: int) -> None:
        self.first: float | None = None
        self.tokens = 0
        self._heard: queue.SimpleQueue[Piece] = queue.SimpleQueue()
        self._begun = time.perf_counter()
        engine.submit(Question("tuned", list(ids), tokens), self._hear)

    def _hear(self, piece: Piece) -> None:
        if piece.tokens and self.first is None:
            self.first = time.perf_counter() - self._begun
        self.tokens += piece.tokens
        if piece.end:
            self._heard.put(piece)

    def wait(self) -> "Asked":
        self._heard.get()
        return self


def tokens_per_second(engine: Engine, ids: Sequence[int], tokens: int, streams: int, requests: int) -> float:
    """Over all answers, `streams` of them at a time."""
    begun = time.perf_counter()
    total = 0
    for start in range(0, requests, streams):
        group = [Asked(engine, ids, tokens) for _ in range(min(streams, requests - start))]
        total += sum(asked.wait().tokens for asked in group)
    return total / (time.perf_counter() - begun)


def first_token(engine: Engine, ids: list[int], times: int) -> float:
    """Median seconds, alone. Each prompt differs in its last tokens, so that no cache knows it whole."""
    found = [Asked(engine, [*ids[:-10], 300 + n, *ids[-9:]], 2).wait().first for n in range(times)]
    return statistics.median(seconds for seconds in found if seconds is not None)


def guard_seconds(config: ServingConfig, times: int = 50) -> float:
    """Median of judging a message of about 100 words and letting 64 pieces of an answer through."""
    guard = Guard(config.guard)
    message = [Message("user", QUESTION * 5)]
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        answer = guard.answer(guard.judge(message))
        answer.begin()
        for _ in range(64):
            answer.add("word ")
        answer.finish()
        found.append(time.perf_counter() - begun)
    return statistics.median(found)


class Server:
    """`medgenius serve` in a process of its own, without keys and limits per minute."""

    def __init__(self, run: Path, streams: int) -> None:
        line = [sys.executable, "-m", "medgenius.cli", "serve", f"run={run}", "serving.port=0"]
        line += ["serving.api_keys=off", "serving.requests_per_minute=null", f"serving.engine.streams={streams}"]
        line += [f"serving.engine.waiting={streams}", "serving.guard.disclaimer=never"]
        self.process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # noqa: S603
        assert self.process.stdout
        address = next(text for text in self.process.stdout if text.startswith("OpenAI"))
        self.port = int(address.split("/v1")[0].rsplit(":", 1)[1])

    def ask(self, message: str, tokens: int) -> tuple[int, float, int]:
        """Status, seconds, tokens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        begun = time.perf_counter()
        body = json.dumps({"message": message, "max_tokens": tokens})
        connection.request("POST", "/chat", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        data = json.loads(response.read())
        connection.close()
        written = data["usage"]["completion_tokens"] if response.status == 200 else 0
        return response.status, time.perf_counter() - begun, written

    def memory(self) -> float:
        """MB that the process has resident."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        raise AssertionError

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(150)


def overhead(server: Server, served: Served, tokens: int, times: int) -> float:
    """Seconds that a request takes beyond the same answer from the engine itself; medians, in turn."""
    over_http, direct = [], []
    ids = served.speakers["tuned"].prompt_ids([Message("user", QUESTION)])
    for _ in range(times):
        over_http.append(server.ask(QUESTION, tokens)[1])
        begun = time.perf_counter()
        Asked(served.engine, ids, tokens).wait()
        direct.append(time.perf_counter() - begun)
    return statistics.median(over_http) - statistics.median(direct)


def soak(server: Server, clients: int, seconds: float) -> tuple[Counter[str], list[float]]:
    """What clients were answered, and the memory at each tenth of the time."""
    answers: Counter[str] = Counter()
    until = time.monotonic() + seconds

    def keep_asking(number: int) -> None:
        while time.monotonic() < until:
            outcome = "no answer"
            with suppress(OSError, http.client.HTTPException, ValueError):
                outcome = str(server.ask(f"{QUESTION} {number}", 8 + number % 40)[0])
            answers[outcome] += 1
            if outcome == "503":
                time.sleep(0.2)

    threads = [threading.Thread(target=keep_asking, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    memory = []
    for _ in range(10):
        time.sleep(seconds / 10)
        memory.append(server.memory())
    for thread in threads:
        thread.join()
    return answers, memory


def engine_rows(name: str, served: Served, tokens: int, streams: int, requests: int) -> list[tuple[str, str]]:
    ids = prompt_of(served)
    tokens_per_second(served.engine, ids, 8, streams, streams)  # warm
    one = tokens_per_second(served.engine, ids, tokens, 1, max(2, requests // 8))
    many = tokens_per_second(served.engine, ids, tokens, streams, requests)
    return [
        (f"{name}: one stream", f"{one:.1f} tok/s"),
        (f"{name}: {streams} streams", f"{many:.1f} tok/s, {many / one:.2f} times one"),
        (
            f"{name}: first token of a {PROMPT_TOKENS}-token prompt, p50",
            f"{first_token(served.engine, ids, 11) * 1e3:.0f} ms",
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--streams", type=int, default=16)
    parser.add_argument("--requests", type=int, default=32)
    parser.add_argument("--soak", type=float, default=0)
    parser.add_argument("--gguf", type=Path)
    arguments = parser.parse_args()
    run = Run(arguments.run.resolve(), arguments.run.name)
    overrides = [f"run.path={run.path}", f"serving.engine.streams={arguments.streams}"]
    numbers = (arguments.tokens, arguments.streams, arguments.requests)
    config = composed(ServeConfig, *overrides).serving
    served = load_served(run, config)
    rows = engine_rows("transformers", served, *numbers)
    rows.append(("guard: a message and 64 pieces, p50", f"{guard_seconds(config) * 1e3:.2f} ms"))
    server = Server(run.path, arguments.streams)
    try:
        rows.append(
            ("HTTP and guard: a request beyond the engine, p50", f"{overhead(server, served, 1, 21) * 1e3:.1f} ms")
        )
        served.engine.close()
        if arguments.soak:
            answers, memory = soak(server, 4 * arguments.streams, arguments.soak)
            rows.append(
                (f"soak {arguments.soak:.0f} s: answers by status", ", ".join(f"{k}: {n}" for k, n in answers.items()))
            )
            rows.append(("soak: memory at each tenth", ", ".join(f"{mb:.0f}" for mb in memory) + " MB"))
    finally:
        rows.append(("exit status after SIGTERM", str(server.stop())))
    if arguments.gguf:
        line = ["serving/engine=llama_cpp", f"serving.engine.gguf={arguments.gguf}"]
        llama = load_served(run, composed(ServeConfig, *overrides, *line).serving)
        rows += engine_rows("llama.cpp", llama, *numbers)
        llama.engine.close()
    print("| what | measured |\n|---|---|")
    print("\n".join(f"| {what} | {measured} |" for what, measured in rows))


if __name__ == "__main__":
    main()
