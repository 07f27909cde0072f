"""uvicorn with limits on connections and on slow clients, and a shutdown that finishes what runs."""

import asyncio
import contextlib
import resource
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import ClassVar

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from medgenius.serving.refusals import Refusal

_QUEUE = 256
"""Connections that may wait to be taken up; asyncio takes up as many of them in one turn of its loop"""
_SPARE_FILES = 4 * _QUEUE
"""Beyond one a connection: who comes too many is open for some turns, until it has been refused"""


def _busy() -> bytes:
    """The refusal as the bytes of a whole response: it is said before there is a request."""
    response = Refusal(503, "overloaded", "too many connections", retry_after=5).response()
    headers = [*response.raw_headers, (b"connection", b"close")]
    head = b"".join(b"%s: %s\r\n" % header for header in headers)
    return b"HTTP/1.1 503 Service Unavailable\r\n" + head + b"\r\n" + bytes(response.body)


_BUSY = _busy()


@dataclass(frozen=True, slots=True)
class Limits:
    connections: int
    receive_seconds: float
    """Until the head of a request is there; its body has a limit of its own"""
    answer_seconds: float
    """From there to the last byte of the response, a slow reader's time included"""


class LimitedProtocol(H11Protocol):
    """One connection. A client that sends too little or reads too slowly is cut off.

    At the limit, who waits longest without a request under way gives way to who comes: thousands that connect and say
    nothing can't keep others out. Where all are being answered, the new one is refused.
    """

    limits: ClassVar[Limits]
    idle: ClassVar[dict["LimitedProtocol", None]]
    """Open connections without a request under way, the longest idle first; of one server"""
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) <= self.limits.connections or self._takes_a_place():
            self.idle[self] = None
            self._set(self.limits.receive_seconds)
        else:
            self._refuse()

    def connection_lost(self, exc: Exception | None) -> None:
        self.idle.pop(self, None)
        self._set(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        before = self.cycle
        super().data_received(data)
        self._note_request(before)

    def on_response_complete(self) -> None:
        before = self.cycle
        self._set(None)  # from here on uvicorn's limit for idle connections holds
        super().on_response_complete()
        if self.transport.is_closing():
            return
        self.idle[self] = None
        self._note_request(before)  # one that was sent before the last was answered

    def _note_request(self, before: RequestResponseCycle) -> None:
        """The head of a further request may have come: from now on it is being answered."""
        if self.cycle is not before and not self.cycle.response_complete:
            self.idle.pop(self, None)
            self._set(self.limits.receive_seconds + self.limits.answer_seconds)

    def _unset_keepalive_if_required(self) -> None:
        idle = self.timeout_keep_alive_task is not None
        super()._unset_keepalive_if_required()
        if idle:
            self._set(self.limits.receive_seconds)

    def _takes_a_place(self) -> bool:
        """Whether somebody gave way."""
        oldest = next(iter(self.idle), None)
        if oldest is None:
            return False
        del self.idle[oldest]
        if oldest.cycle:
            oldest.transport.close()  # all of its requests have been answered
        else:
            oldest._refuse()
        return True

    def _refuse(self) -> None:
        self.transport.write(_BUSY)
        self.transport.close()

    def _set(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(seconds, self._cut_off) if seconds else None

    def _cut_off(self) -> None:
        if not self.transport.is_closing() or self.transport.get_write_buffer_size():
            self.transport.abort()


class Server(uvicorn.Server):
    """The first SIGINT or SIGTERM finishes what runs, a second one ends at once; afterwards the caller goes on."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        # uvicorn itself lets a second SIGTERM wait like the first.
        self.force_exit = self.should_exit
        self.should_exit = True


def make_server(app: ASGIApp, host: str, port: int, limits: Limits) -> Server:
    """A server that is not running yet."""
    _raise_open_files(limits.connections)

    class Bound(LimitedProtocol):
        pass

    Bound.limits, Bound.idle = limits, {}
    config = uvicorn.Config(
        app=app,
        host=host,
        port=port,
        backlog=_QUEUE,
        http=Bound,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=int(max(1, limits.receive_seconds)),
        timeout_graceful_shutdown=int(limits.answer_seconds) + 1,
        h11_max_incomplete_event_size=32 * 1024,
    )
    return Server(config)


def _raise_open_files(connections: int) -> None:
    """Each connection is an open file; ask for as many as may be needed and allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _SPARE_FILES
    if soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
