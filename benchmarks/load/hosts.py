"""Servers to be measured: ours in this process over any engine, the verb in a process of its own, llama.cpp's."""

import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from medgenius.config.serving.http import ServingConfig
from medgenius.serving.app import make_app
from medgenius.serving.connections import Limits, make_server
from medgenius.serving.engine import Cancel, Engine, Listener, Load, Piece, Question
from medgenius.serving.keys import Keys, new_key
from medgenius.serving.models import Served


@dataclass(frozen=True, slots=True)
class Host:
    port: int
    key: str


@contextmanager
def hosted(served: Served, config: ServingConfig) -> Iterator[Host]:
    """The whole HTTP side over an engine of this process, so that the same engine can be asked without it."""
    key = new_key()
    app = make_app(served, config, Keys.one(key))
    server = make_server(
        app, "127.0.0.1", 0, Limits(config.max_connections, config.receive_seconds, config.answer_seconds)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Host(server.servers[0].sockets[0].getsockname()[1], key)
    finally:
        server.should_exit = True
        thread.join()


class Instant:
    """An engine that takes no time: what is left is HTTP and the guard."""

    names = ("tuned", "base")
    is_alive = True
    load = Load(0, 0)

    def submit(self, question: Question, listener: Listener) -> Cancel:
        for _ in range(question.max_new_tokens - 1):
            listener(Piece("word ", 1))
        listener(Piece("word", 1, "length"))
        return lambda: None

    def close(self) -> None:
        pass


def instant(served: Served) -> Served:
    engine: Engine = Instant()
    return Served(engine, served.speakers)


class Verb:
    """`medgenius serve` as a person types it."""

    def __init__(self, run: Path, *overrides: str) -> None:
        line = [sys.executable, "-m", "medgenius.cli", "serve", f"run={run}", "serving.port=0", "serving.api_keys=off"]
        line += ["serving.requests_per_minute=null", *overrides]
        self._process = subprocess.Popen(  # noqa: S603
            line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout
        address = next(text for text in self._process.stdout if text.startswith("OpenAI"))
        self.host = Host(int(address.split("/v1")[0].rsplit(":", 1)[1]), "")

    def memory(self) -> float:
        """MB that the process has resident."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        raise AssertionError("the server is gone")

    def stop(self) -> int:
        self._process.terminate()
        return self._process.wait(150)


@contextmanager
def llama_cpp_alone(gguf: Path, streams: int, tokens: int, threads: int) -> Iterator[Host]:
    """llama.cpp's own server on its own port. In one process with ours, their threads would count as too many for the
    cores, and both would be slower."""
    key = secrets.token_hex()
    line = [sys.executable, str(Path(__file__).with_name("llama_cpp_server.py")), str(gguf)]
    line += [str(streams), str(tokens), str(threads), key]
    with subprocess.Popen(  # noqa: S603
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        address = next(text for text in process.stdout if "http" in text or ":" in text)
        try:
            yield Host(int(address.strip().rsplit(":", 1)[1]), key)
        finally:
            process.stdin.close()
