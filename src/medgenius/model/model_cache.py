"""Models as folders in the cache: written once, checked before they are used, written anew where they are damaged."""

import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

from safetensors import SafetensorError

from medgenius.errors import ModelError, RunError
from medgenius.files import new_directory, write_json

_CHECKSUMS = "checksums.json"
"""SHA-256 of each other file of the folder, by its name."""

_Stamp = tuple[int, int]
"""Size in bytes and time of the last change in nanoseconds."""


def cached_model(folder: Path, write: Callable[[Path], None]) -> Path:
    """The folder with what `write` puts into one, which happens now unless it lies there as it was written.

    Raises:
        ModelError: it must be written, and can't be.
    """
    if folder.is_dir():
        if _is_whole(folder):
            return folder
        print(f"{folder} is damaged: written anew", flush=True)
    try:
        with new_directory(folder) as temporary:
            write(temporary)
            write_json(temporary / _CHECKSUMS, {file.name: sha256(file) for file in temporary.iterdir()})
    except (OSError, SafetensorError, RunError) as error:
        cause = (isinstance(error, OSError) and error.strerror) or str(error)
        raise ModelError(f"run.cache_dir: {folder} cannot be written: {cause}") from None
    return folder


def _is_whole(folder: Path) -> bool:
    try:
        wanted = json.loads((folder / _CHECKSUMS).read_bytes())
        return isinstance(wanted, dict) and all(sha256(folder / name) == digest for name, digest in wanted.items())
    except (OSError, ValueError):
        return False


def sha256(file: Path) -> str:
    """A file's digest in hexadecimal, read once by a process as long as the file does not change.

    Raises:
        OSError: it can't be read.
    """
    found = file.stat()
    return _sha256(file, (found.st_size, found.st_mtime_ns))


@cache
def _sha256(file: Path, _: _Stamp) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
