"""What a request meets before any route: who asks, how often, how much. Nothing of it is parsed until then."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from medgenius.config.serving.http import ServingConfig
from medgenius.serving.keys import Keys
from medgenius.serving.metrics import Metrics
from medgenius.serving.refusals import Refusal

_log = logging.getLogger("medgenius.serving")
OPEN_PATHS = frozenset({"/", "/page.css", "/page.js", "/page.svg", "/healthz", "/readyz"})
"""Need no key: whether the server lives, and a page that knows nothing until its reader gives it a key."""
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_MOST_CLIENTS = 10_000


class Rate:
    """Requests per minute of each client: a bucket that fills steadily and holds a minute's worth (token bucket)."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: dict[str, tuple[float, float]] = {}
        """How much was in it, and when"""

    def wait(self, client: str, now: float) -> float:
        """Seconds until the client may ask; 0 counts as a request."""
        held, then = self._buckets.pop(client, (float(self._per_minute), now))
        held = min(self._per_minute, held + (now - then) * self._per_minute / 60)
        allowed = held >= 1
        self._buckets[client] = (held - 1 if allowed else held, now)  # the latest last
        if len(self._buckets) > _MOST_CLIENTS:
            del self._buckets[next(iter(self._buckets))]
        return 0.0 if allowed else (1 - held) * 60 / self._per_minute


class Gate:
    """ASGI middleware around the whole app; also writes the log line and counts."""

    def __init__(self, app: ASGIApp, config: ServingConfig, keys: Keys | None, metrics: Metrics) -> None:
        self._app = app
        self._config = config
        self._keys = keys
        self._metrics = metrics
        host = f"[{config.host}]" if ":" in config.host else config.host
        self._local_names = _LOCAL_NAMES | {host.casefold()}
        self._rate = Rate(config.requests_per_minute) if config.requests_per_minute else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        status = 0

        async def noting(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        who = "-"
        try:
            who = self._who(scope)
            body = await self._body(scope, receive)
            await self._app(scope, _again(body, receive), noting)
        except Refusal as refusal:
            await refusal.response()(scope, receive, noting)
        finally:
            seconds = time.perf_counter() - begun
            route = getattr(scope.get("route"), "path", "other")
            self._metrics.requests.labels(route, str(status or 499)).inc()
            self._metrics.seconds.labels(route).observe(seconds)
            _log.info("%s %s %s %.0f ms %s", scope["method"], route, status or "left", seconds * 1000, who)

    def _who(self, scope: Scope) -> str:
        """Whose request this is.

        Raises:
            Refusal: nobody's who may ask, or one too many of theirs.
        """
        headers = dict(scope["headers"])
        client = scope["client"][0] if scope["client"] else "-"
        if scope["path"] in OPEN_PATHS:
            return "-"
        if self._keys:
            owner = self._keys.owner(headers.get(b"authorization", b"").decode("latin-1"))
            if owner is None:
                raise Refusal(401, "invalid_api_key", "an API key is needed: Authorization: Bearer <key>")
        else:
            # Without keys, a page elsewhere must not get here through its reader's browser and a name of its own.
            host = headers.get(b"host", b"").decode("latin-1").casefold()
            if not {host, host.rsplit(":", 1)[0]} & self._local_names:
                raise Refusal(403, "wrong_host", "without API keys this server answers to localhost alone")
            owner = client
        if self._rate and (seconds := self._rate.wait(owner, time.monotonic())):
            text = f"more than {self._config.requests_per_minute} requests a minute"
            raise Refusal(429, "rate_limit_exceeded", text, retry_after=seconds)
        return str(owner)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """All of it, within the limits of size and time.

        Raises:
            Refusal: it is too long, or takes too long.
        """
        most = self._config.max_body_bytes
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        body = bytearray()
        try:
            async with asyncio.timeout(self._config.receive_seconds):
                more = int(declared) <= most if declared.isdigit() else True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Refusal(400, "incomplete", "the request broke off")
                    body += message.get("body", b"")
                    more = message.get("more_body", False) and len(body) <= most
        except TimeoutError:
            text = f"the request took more than {self._config.receive_seconds:g} s to arrive"
            raise Refusal(408, "too_slow", text) from None
        if len(body) > most or (declared.isdigit() and int(declared) > most):
            raise Refusal(413, "body_too_large", f"a request may have at most {most} bytes")
        return bytes(body)


def _again(body: bytes, receive: Receive) -> Callable[[], Awaitable[MutableMapping[str, Any]]]:
    """A receive that gives the body read already, then waits for the client to leave."""
    given = False

    async def receive_again() -> MutableMapping[str, Any]:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
