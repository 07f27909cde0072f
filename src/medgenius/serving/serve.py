"""The story of `medgenius serve`: a run, its engine, the app, a server until someone stops it."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medgenius.config.serve import ServeConfig
from medgenius.config.serving.http import ServingConfig
from medgenius.errors import ConfigError
from medgenius.runs import Run
from medgenius.serving.app import make_app
from medgenius.serving.connections import Limits, make_server
from medgenius.serving.keys import Keys, new_key
from medgenius.serving.models import load_served

_BACKLOG = 2048
"""Connections that may wait to be accepted."""


def serve(config: ServeConfig) -> int:
    """
    Raises:
        MedGeniusError: the run or the engine can't be had, or the address is taken.
    """
    with _logging():
        return _serve(config.serving, Path(config.run.path).expanduser().resolve())


def _serve(serving: ServingConfig, path: Path) -> int:
    listener = _listen(serving)
    try:
        keys, key = _keys(serving)
        print(f"loading {path}", flush=True)
        served = load_served(Run(path, path.name), serving)
        app = make_app(served, serving, keys)
        limits = Limits(serving.max_connections, serving.receive_seconds, serving.answer_seconds)
        server = make_server(app, serving.host, serving.port, limits)
        listener.listen(_BACKLOG)
        _tell(serving, listener, served.engine.names, key)
        server.run(sockets=[listener])
        print("stopped: what ran has finished", flush=True)
        served.engine.close()
    finally:
        listener.close()
    return 0


def _listen(serving: ServingConfig) -> socket.socket:
    """Taken before the model is loaded, so that a port in use is told at once."""
    family = socket.AF_INET6 if ":" in serving.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((serving.host, serving.port))
    except (OSError, OverflowError) as error:
        listener.close()
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"serving.host={serving.host} serving.port={serving.port}: {reason}") from None
    return listener


def _keys(serving: ServingConfig) -> tuple[Keys | None, str | None]:
    """Who may ask, and the key that was made for this start alone."""
    if serving.api_keys == "off":
        return None, None
    if serving.api_keys == "new":
        key = new_key()
        return Keys.one(key), key
    return Keys.read(Path(serving.api_keys).expanduser()), None


def _tell(serving: ServingConfig, listener: socket.socket, names: tuple[str, ...], key: str | None) -> None:
    host, port = listener.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    print(f"models  {', '.join(names)}")
    # Behind the # the key stays in the browser: it is no part of what is asked for, nor of any log.
    print(f"page    {address}/{f'#key={key}' if key else ''}")
    print(f"OpenAI  base_url={address}/v1" + (f" api_key={key}" if key else ""), flush=True)
    if serving.log_texts:
        print("serving.log_texts=true: questions and answers are written to this log", flush=True)


@contextmanager
def _logging() -> Iterator[None]:
    """Our own log to standard error, of uvicorn's its warnings; as long as the server runs."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    levels = {logging.getLogger("medgenius.serving"): logging.INFO, logging.getLogger("uvicorn.error"): logging.WARNING}
    before = {log: log.level for log in levels}
    for log, level in levels.items():
        log.addHandler(handler)
        log.propagate = False
        log.setLevel(level)
    try:
        yield
    finally:
        for log in levels:
            log.removeHandler(handler)
            log.propagate = True
            log.setLevel(before[log])
            log.setLevel(logging.NOTSET)
