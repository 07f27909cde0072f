"""Two names that change places in one move, which Python has no function for."""

import ctypes
import os
from pathlib import Path

_HERE = -100
"""AT_FDCWD: relative paths are relative to the working directory."""
_EXCHANGE = 2
"""RENAME_EXCHANGE of Linux's renameat2."""


def exchange(one: Path, other: Path) -> None:
    """Swap two existing files or folders of one file system. A process that dies leaves them swapped or not.

    On a file system that can't (some network ones), `other` is moved aside for a moment instead; a process that dies
    in between leaves nothing under its name.
    """
    if _swap(one, other):
        return
    aside = other.with_name(f".{other.name}.{os.getpid()}.aside")
    other.rename(aside)
    try:
        one.rename(other)
    except OSError:
        aside.rename(other)
        raise
    aside.rename(one)


def _swap(one: Path, other: Path) -> bool:
    function = getattr(ctypes.CDLL(None), "renameat2", None)
    return function is not None and not function(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE)
