"""Clients of a server in a process of their own, so that what they do is no part of what the server takes.

Reads one job as JSON from standard input and writes what came of it to standard output. Imports nothing but the
standard library: the process is there in a tenth of a second.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import cycle
from pathlib import Path
from typing import TypedDict


class Body(TypedDict, total=False):
    """Of a request: OpenAI's completion or chat completion, or the simple form."""

    model: str
    message: str
    messages: list[dict[str, str]]
    prompt: list[int]
    max_tokens: int
    temperature: float
    stream: bool
    stream_options: dict[str, bool]


@dataclass(frozen=True, slots=True)
class Job:
    port: int
    path: str
    key: str
    bodies: list[Body]
    """Are asked in turn, over and over"""
    streams: int
    """Clients, each with a connection that it keeps"""
    requests: int
    """Of all clients together; with `seconds` set, no limit"""
    seconds: float = 0


@dataclass(slots=True)
class Result:
    """Of all clients."""

    seconds: float = 0
    """From the first request to the last answer"""
    tokens: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    """How many answers had which status; `none` where no answer came"""
    reasons: dict[str, int] = field(default_factory=dict)
    """The codes of errors"""
    first: list[float] = field(default_factory=list)
    """Seconds until the first piece of text of each streamed answer"""
    whole: list[float] = field(default_factory=list)
    """Seconds until the end of each answer with status 200"""


def ask(job: Job) -> Result:
    """Have a process of its own do it."""
    line = [sys.executable, "-E", str(Path(__file__))]
    done = subprocess.run(line, input=json.dumps(asdict(job)), capture_output=True, text=True, check=True)  # noqa: S603
    return Result(**json.loads(done.stdout))


def main() -> None:
    job = Job(**json.load(sys.stdin))
    result, statuses, reasons, lock = Result(), Counter[str](), Counter[str](), threading.Lock()
    bodies, left = cycle(job.bodies), iter(range(job.requests))
    begun = time.perf_counter()

    def next_body() -> Body | None:
        with lock:
            if job.seconds:
                return next(bodies) if time.perf_counter() - begun < job.seconds else None
            return None if next(left, None) is None else next(bodies)

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", job.port, timeout=300)
        while (body := next_body()) is not None:
            one = Result()
            status, code = "none", "none"
            try:
                status, code = _one(connection, job, body, one)
            except (OSError, http.client.HTTPException, ValueError):
                connection.close()
            with lock:
                statuses[status] += 1
                if status != "200":
                    reasons[code] += 1
                result.tokens += one.tokens
                result.first += one.first
                result.whole += one.whole
            if status == "503":
                time.sleep(0.2)

    threads = [threading.Thread(target=work) for _ in range(job.streams)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.seconds = time.perf_counter() - begun
    result.statuses, result.reasons = dict(statuses), dict(reasons)
    json.dump(asdict(result), sys.stdout)


def _one(connection: http.client.HTTPConnection, job: Job, body: Body, result: Result) -> tuple[str, str]:
    """Status, and the code of an error."""
    begun = time.perf_counter()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {job.key}"}
    try:
        connection.request("POST", job.path, json.dumps(body), headers)
        response = connection.getresponse()
    except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
        connection.close()  # kept by us alone: llama.cpp's server ends a connection after a streamed answer
        connection.request("POST", job.path, json.dumps(body), headers)
        response = connection.getresponse()
    if response.status != 200:
        error = json.loads(response.read())["error"]
        return str(response.status), str(error["code"])
    if body.get("stream"):
        last: list[str] = []
        for data in _events(response):
            if not result.first and _text(data):
                result.first.append(time.perf_counter() - begun)
            last = [*last[-1:], data]
        result.tokens = max(map(_tokens, last))
    else:
        result.tokens = _tokens(response.read().decode())
    result.whole.append(time.perf_counter() - begun)
    return "200", ""


def _events(response: http.client.HTTPResponse) -> Iterator[str]:
    for line in response:
        data = line.decode().removeprefix("data:").strip()
        if data and data != "[DONE]":
            yield data


def _text(data: str) -> bool:
    choices: Sequence[dict[str, object]] = json.loads(data)["choices"]
    if not choices:
        return False
    delta = choices[0].get("delta")
    return bool(delta.get("content") if isinstance(delta, dict) else choices[0].get("text"))


def _tokens(data: str) -> int:
    """Of an answer, as its last event or body says."""
    with suppress(KeyError, TypeError):
        return int(json.loads(data)["usage"]["completion_tokens"])
    return 0


if __name__ == "__main__":
    main()
