"""Files that are there whole or not at all, and JSON as its standard has it."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Never

from medgenius.errors import RunError
from medgenius.exchange import exchange

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


def refuse_constant(constant: str) -> Never:
    """`parse_constant` of a strict reader: NaN and infinities are no JSON.

    Raises:
        ValueError: always.
    """
    raise ValueError(f"{constant} is no number")


def write_json(path: Path, value: Json) -> None:
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_jsonl(path: Path, rows: Sequence[Mapping[str, Json]]) -> None:
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def write_text(path: Path, text: str) -> None:
    with new_file(path) as stream:
        stream.write(text.encode())


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that is written whole or not at all: temporary file, fsync, rename."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        temporary.unlink(missing_ok=True)
    sync(path.parent)


@contextmanager
def new_directory(path: Path) -> Iterator[Path]:
    """A temporary folder that becomes `path`, synced and renamed, only if the block succeeds.

    Where `path` exists the two change places in one move, so that there is a whole one at every moment.
    """
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        sync(path.parent.parent)  # the new name in it; above a folder that was there, one may have no right to look
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        for file in temporary.rglob("*"):
            sync(file)
        sync(temporary)
        if path.exists():
            exchange(temporary, path)
        else:
            temporary.rename(path)
        sync(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_directory(path: Path) -> None:
    """Remove a folder so that nobody meets a part of it under its name."""
    going = path.with_name(f".{path.name}.{os.getpid()}.going")
    path.rename(going)
    shutil.rmtree(going)


def sync(path: Path) -> None:
    """Make sure that a file or a folder's list of names is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
