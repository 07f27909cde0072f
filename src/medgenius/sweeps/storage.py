"""Where a study is kept, and whose turn it is to change it."""

import fcntl
import hashlib
import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import optuna
import sqlalchemy
from optuna.exceptions import ExperimentalWarning
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from medgenius.errors import ConfigError, RunError

_PATIENCE = 120
"""Seconds that SQLite waits for another process's write."""


@dataclass(frozen=True, slots=True)
class Place:
    """A storage's address."""

    url: str
    """What `optuna.load_study` opens, from whatever folder; a journal is opened through its class instead"""
    file: Path | None
    """Of SQLite or a journal"""

    @property
    def is_journal(self) -> bool:
        return self.url.startswith("journal:")

    def __str__(self) -> str:
        """Without a password."""
        return self.url if self.file else sqlalchemy.make_url(self.url).render_as_string(hide_password=True)


def place_of(storage: str | None, study_dir: Path) -> Place:
    """The address that a config's `storage` means.

    Raises:
        ConfigError: it means none, or one that several processes can't share.
    """
    if storage is None:
        file = study_dir.resolve() / "study.db"
        return Place(f"sqlite:///{file}", file)
    kind, _, rest = storage.partition("://")
    if kind == "journal" and rest.removeprefix("/"):
        file = _file(storage, rest.removeprefix("/"))
        return Place(f"journal:///{file}", file)
    try:
        url = sqlalchemy.make_url(storage)
    except (ArgumentError, ValueError):  # a port that is no number
        raise _unusable(storage) from None
    if url.get_backend_name() == "sqlite" and url.database and ":memory:" not in url.database:
        file = _file(storage, url.database)
        return Place(url.set(database=str(file)).render_as_string(hide_password=False), file)
    if url.get_backend_name() == "postgresql":
        return Place(storage, None)
    raise _unusable(url.render_as_string(hide_password=True))


def _file(storage: str, path: str) -> Path:
    try:
        return Path(path).expanduser().resolve()
    except (RuntimeError, ValueError):  # nobody's home, or no path at all
        raise _unusable(storage) from None


def _unusable(storage: str) -> ConfigError:
    return ConfigError(
        f"hydra.sweeper.storage={storage}: one of sqlite:///file, journal:///file, postgresql://user@host/database"
    )


def open_storage(place: Place) -> BaseStorage:
    """Open, and make what is not there yet. Call it in `turn`: two processes that make tables at once collide.

    Raises:
        RunError: it can't be opened.
    """
    try:
        if place.is_journal:
            assert place.file is not None
            return _journal(place, place.file)
        if place.file:
            return RDBStorage(place.url, engine_kwargs={"connect_args": {"timeout": _PATIENCE}})
        return RDBStorage(_with_driver(place.url), engine_kwargs={"pool_pre_ping": True})
    except (SQLAlchemyError, ImportError, RuntimeError, OSError) as error:
        raise _closed(place, error) from None


def _journal(place: Place, file: Path) -> JournalStorage:
    # Optuna takes a last line that it can't read for one that is still being written, so the first is looked at here.
    with suppress(ValueError, LookupError, TypeError, AttributeError):
        if not file.exists() or _begins_as_journal(file):
            return JournalStorage(JournalFileBackend(str(file)))
    raise RunError(f"hydra.sweeper.storage={place} can't be opened: it is no journal of Optuna's")


def _begins_as_journal(file: Path) -> bool:
    with file.open("rb") as stream:
        first = stream.readline()
    return not first or "op_code" in json.loads(first)


def _closed(place: Place, error: Exception) -> RunError:
    cause = " ".join(str(getattr(error, "orig", None) or error).split())[:200]
    return RunError(f"hydra.sweeper.storage={place} can't be opened: {cause}")


def _with_driver(url: str) -> str:
    """psycopg 3, unless the address names another driver."""
    parsed = sqlalchemy.make_url(url)
    if parsed.drivername != "postgresql":
        return url
    return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


@contextmanager
def turn(place: Place) -> Iterator[None]:
    """One process of all that work on the storage at a time: to make a study, and to take a trial out of it.

    A file's turn is a lock beside it, PostgreSQL's an advisory lock; both end with their process.

    Raises:
        RunError: the storage can't be reached.
    """
    if place.file:
        with _file_turn(place, place.file.with_name(f"{place.file.name}.turn")):
            yield
        return
    try:
        engine = sqlalchemy.create_engine(_with_driver(place.url), poolclass=NullPool)
        connection = engine.connect()
    except (SQLAlchemyError, ImportError) as error:
        raise _closed(place, error) from None
    key = int.from_bytes(hashlib.sha256(b"medgenius").digest()[:8], "big", signed=True)
    with connection:
        connection.execute(sqlalchemy.text("SELECT pg_advisory_lock(:key)"), {"key": key})
        yield  # the lock ends with the connection


@contextmanager
def _file_turn(place: Place, path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise RunError(f"hydra.sweeper.storage={place}: {path.parent} cannot be written: {error.strerror}") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            raise RunError(
                f"hydra.sweeper.storage={place}: {path} can't be locked ({error.strerror}): "
                "choose a file system that has locks, or PostgreSQL"
            ) from None
        yield
    finally:
        os.close(descriptor)


def quiet_optuna() -> None:
    """Its log tells each trial once more, and warns of what is chosen here."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=ExperimentalWarning)
