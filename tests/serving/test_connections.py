"""Clients as they come: slow, gone, broken, too many. The server outlives them all, and says why it refuses."""

import json
import resource
import signal
import socket
import struct
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPResponse
from pathlib import Path

import pytest

from medgenius.runs import Run
from medgenius.serving.connections import Limits, make_server
from medgenius.serving.models import Speaker
from tests.serving.support import Address, ScriptedEngine, served_run, serving, wait_for

USER = [{"role": "user", "content": "My toe itches."}]


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def address(engine: ScriptedEngine, speaker: Speaker, tiny_run: Run) -> Iterator[Address]:
    with serving(engine, speaker, tiny_run, "serving.requests_per_minute=null") as found:
        yield found


def head_of(address: Address, *lines: str) -> bytes:
    head = ["POST /chat HTTP/1.1", "Host: x", f"Authorization: Bearer {address.key}", *lines, "", ""]
    return "\r\n".join(head).encode()


def answer_on(client: socket.socket) -> tuple[HTTPResponse, bytes]:
    """One whole answer: its head and its body may come apart."""
    response = HTTPResponse(client)
    response.begin()
    return response, response.read()


def test_huge_bodies_are_refused_before_they_are_read(address: Address) -> None:
    assert address.ask("POST", "/chat", b" " * 70_000)[0].status == 413
    with address.raw() as client:
        head = (
            f"POST /chat HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {address.key}\r\nContent-Length: 99999999\r\n\r\n"
        )
        client.sendall(head.encode())
        assert client.recv(100).startswith(b"HTTP/1.1 413")
    with address.raw() as client:
        client.sendall(head_of(address, "Transfer-Encoding: chunked") + (b"8000\r\n" + b" " * 0x8000 + b"\r\n") * 3)
        assert client.recv(100).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_ends_when_its_reader_leaves(address: Address, engine: ScriptedEngine, stream: bool) -> None:
    engine.script, engine.seconds_per_word = "word " * 10_000, 0.01
    body = json.dumps({"model": "tuned", "messages": USER, "stream": stream})
    connection = address.connection()
    connection.request("POST", "/v1/chat/completions", body, address.headers)
    wait_for(lambda: len(engine.running) == 1)
    connection.close()

    wait_for(lambda: not engine.running)
    assert engine.cancelled == 1


def test_slow_clients_are_cut_off(engine: ScriptedEngine, speaker: Speaker, tiny_run: Run) -> None:
    with serving(engine, speaker, tiny_run, "serving.receive_seconds=0.3", "serving.answer_seconds=1") as address:
        with address.raw() as silent, address.raw() as dripping:
            dripping.sendall(b"POST /chat HTTP/1.1\r\nX-A: ")
            begun = time.monotonic()
            assert silent.recv(100) == b""
            assert dripping.recv(100) == b""
            assert time.monotonic() - begun < 5
        with address.raw() as half:
            half.sendall(head_of(address, "Content-Length: 9"))
            assert half.recv(100).startswith(b"HTTP/1.1 408")
        assert address.ask("GET", "/healthz")[0].status == 200


def test_too_many_connections_are_told_so(engine: ScriptedEngine, speaker: Speaker, tiny_run: Run) -> None:
    engine.script, engine.seconds_per_word = "word " * 1_000, 0.05
    with serving(engine, speaker, tiny_run, "serving.max_connections=5") as address, ExitStack() as held:
        body = json.dumps({"message": "a"}).encode()
        for number in range(1, 6):  # each is being answered

            def is_begun(wanted: int = number) -> bool:
                return len(engine.running) == wanted

            client = held.enter_context(address.raw())
            client.sendall(head_of(address, f"Content-Length: {len(body)}", "Content-Type: application/json") + body)
            wait_for(is_begun)
        with address.raw() as one_more:
            refusal, data = answer_on(one_more)
        assert refusal.status == 503
        assert refusal.headers["Retry-After"]
        assert json.loads(data)["error"]["code"] == "overloaded"
        assert len(engine.running) == 5
        held.close()
        wait_for(lambda: address.ask("GET", "/healthz")[0].status == 200)


def test_who_says_nothing_gives_way(engine: ScriptedEngine, speaker: Speaker, tiny_run: Run) -> None:
    with serving(engine, speaker, tiny_run, "serving.max_connections=3") as address, ExitStack() as held:
        silent, begun, kept = (held.enter_context(address.raw(5)) for _ in range(3))
        begun.sendall(b"POST /chat HTTP/1.1\r\nX-A: ")
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer_on(kept)[0].status == 200

        assert address.ask("GET", "/healthz")[0].status == 200
        assert answer_on(silent)[0].status == 503
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer_on(kept)[0].status == 200
        begun.sendall(b"b\r\n\r\n")
        assert answer_on(begun)[0].status == 400


def test_a_second_signal_ends_at_once() -> None:
    async def app(*_: object) -> None:
        raise AssertionError

    server = make_server(app, "127.0.0.1", 0, Limits(1, 1, 1))
    server._stop(signal.SIGTERM, None)
    assert (server.should_exit, server.force_exit) == (True, False)
    server._stop(signal.SIGTERM, None)
    assert (server.should_exit, server.force_exit) == (True, True)


@pytest.mark.slow
@pytest.mark.parametrize("most", [1_000, 12_000])
def test_ten_thousand_connections_at_once(most: int, tiny_run: Run, tmp_path: Path) -> None:
    """Against the real server, with as many places as ships and with a place for each."""
    need_open_files(max(10_200, most + 1_024))
    limits = (f"serving.max_connections={most}", "serving.receive_seconds=120", "serving.requests_per_minute=null")
    with served_run(tiny_run, tmp_path, *limits, "serving.api_keys=off") as (address, process), ExitStack() as held:
        for number in range(10_000):
            held.enter_context(address.raw())
            if number % 2_500 == 0:
                assert address.ask("GET", "/healthz")[0].status == 200
        served = open_files(process)
        assert address.ask("GET", "/readyz")[0].status == 200
        assert address.json("/chat", {"message": "My toe itches.", "max_tokens": 4})[0] == 200
        assert min(most, 10_000) - 10 <= served <= most + 1_024

        held.close()
        wait_for(lambda: open_files(process) < 200)
        assert address.json("/chat", {"message": "My toe itches.", "max_tokens": 4})[0] == 200
        assert process.poll() is None


def open_files(process: subprocess.Popen[str]) -> int:
    return sum(1 for _ in Path(f"/proc/{process.pid}/fd").iterdir())


def need_open_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        pytest.skip(f"at most {hard} files may be open here (ulimit -Hn); {count} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))


@pytest.mark.parametrize("count", [500, pytest.param(9_000, marks=pytest.mark.slow)])
def test_many_connections_and_broken_ones_leave_it_alive(count: int, address: Address, engine: ScriptedEngine) -> None:
    clients: list[socket.socket] = []
    for number in range(count):
        client = address.raw()
        if number % 3 == 0:
            client.sendall(b"\x16\x03\x01garbage\r\n\r\n")
        if number % 3 == 1:  # dropped with a reset, in the middle of a request
            client.sendall(b"POST /chat HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
        else:
            clients.append(client)
    for client in clients:
        client.close()
    wait_for(lambda: address.ask("GET", "/healthz")[0].status == 200)
    assert address.json("/chat", {"message": "a"})[0] == 200
    assert not engine.running


def test_at_twice_its_capacity_every_request_is_answered_or_refused(address: Address, engine: ScriptedEngine) -> None:
    engine.most, engine.seconds_per_word = 4, 0.002
    statuses: Counter[int] = Counter()
    until = time.monotonic() + 2

    def keep_asking() -> None:
        while time.monotonic() < until:
            response, data = address.ask("POST", "/chat", {"message": "My toe itches."})
            statuses[response.status] += 1
            assert response.status == 200 or (json.loads(data)["error"]["message"] and response.headers["Retry-After"])

    threads = [threading.Thread(target=keep_asking) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert set(statuses) <= {200, 503}
    assert statuses[200] > 10
    wait_for(lambda: not engine.running)
