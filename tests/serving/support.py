"""A server under test: the real one in a process of its own over the tiny run, or the app over a scripted engine."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

from medgenius.config.app import composed
from medgenius.config.serve import ServeConfig
from medgenius.runs import Run
from medgenius.serving.app import make_app
from medgenius.serving.connections import Limits, make_server
from medgenius.serving.engine import Cancel, FullError, Listener, Load, Piece, Question
from medgenius.serving.keys import Keys, new_key
from medgenius.serving.models import Served, Speaker
from tests.support import ROOT

KEY = new_key()


@dataclass
class ScriptedEngine:
    """Says what it is told, a word at a time; ends where nobody listens any more."""

    script: str = "You are fine."
    seconds_per_word: float = 0.0
    most: int = 8
    end: str = "stop"
    names: tuple[str, ...] = ("tuned", "base")
    is_alive: bool = True
    running: set[int] = field(default_factory=set)
    cancelled: int = 0
    questions: list[Question] = field(default_factory=list)

    @property
    def load(self) -> Load:
        return Load(len(self.running), 0)

    def submit(self, question: Question, listener: Listener) -> Cancel:
        if len(self.running) >= self.most:
            raise FullError("full")
        self.questions.append(question)
        number = len(self.questions)
        self.running.add(number)
        gone = threading.Event()

        def speak() -> None:
            for word in self.script.split(" "):
                if gone.wait(self.seconds_per_word):
                    self.cancelled += 1
                    break
                listener(Piece(f"{word} ", 1))
            self.running.discard(number)
            listener(Piece("", 0, self.end))  # type: ignore[arg-type]

        threading.Thread(target=speak, daemon=True).start()
        return gone.set

    def close(self) -> None:
        pass


@dataclass(frozen=True)
class Address:
    """Where a server under test listens."""

    port: int
    key: str | None = KEY

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connection(self, timeout: float = 20) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[HTTPResponse, bytes]:
        """One request on a connection of its own; dicts go as JSON."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        own = {"Content-Type": "application/json"}
        if self.key:
            own["Authorization"] = f"Bearer {self.key}"
        connection = self.connection()
        try:
            connection.request(method, path, data, {**own, **(headers or {})})
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def json(self, path: str, body: object) -> tuple[int, dict[str, object]]:
        response, data = self.ask("POST", path, body)
        return response.status, json.loads(data)

    @property
    def headers(self) -> dict[str, str]:
        return {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}

    def raw(self, timeout: float = 20) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout)


@contextmanager
def serving(engine: ScriptedEngine, speaker: Speaker, run: Run, *overrides: str) -> Iterator[Address]:
    """The whole HTTP side in this process, on a free port."""
    keys_off = "serving.api_keys=off" in overrides
    config = composed(ServeConfig, f"run.path={run.path}", *overrides).serving
    served = Served(engine, dict.fromkeys(engine.names, speaker))
    app = make_app(served, config, None if keys_off else Keys.one(KEY))
    limits = Limits(config.max_connections, config.receive_seconds, config.answer_seconds)
    server = make_server(app, "127.0.0.1", 0, limits)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started)
    try:
        yield Address(server.servers[0].sockets[0].getsockname()[1], None if keys_off else KEY)
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


@contextmanager
def served_run(run: Run, folder: Path, *overrides: str) -> Iterator[tuple[Address, subprocess.Popen[str]]]:
    """`medgenius serve` as a person types it, with a file of keys."""
    line = [sys.executable, "-m", "medgenius.cli", "serve", f"run={run.path}", "serving.port=0", *overrides]
    log = (folder / "serve.log").open("w")
    process = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ)
    try:
        assert process.stdout
        lines = []
        for text in process.stdout:
            lines.append(text)
            if text.startswith("OpenAI"):
                break
        found = [part for part in "".join(lines).split() if part.startswith("base_url=")]
        assert found, f"{''.join(lines)}\n{(folder / 'serve.log').read_text()}"
        key = next((part.removeprefix("api_key=") for part in lines[-1].split() if part.startswith("api_key=")), None)
        yield Address(int(found[0].rsplit(":", 1)[1].removesuffix("/v1")), key), process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(30)
        log.close()


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)
