"""Errors that nobody expected, while rows are in hand as text: told without their own words, which may quote a row."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medgenius.errors import MedGeniusError, UnexpectedError

_PACKAGE = Path(__file__).parents[1]


@contextmanager
def words_withheld(*, withhold: bool = True) -> Iterator[None]:
    """Inside, an exception that is none of the named ones becomes one line with its kind and its places in the code.

    Args:
        withhold: where false, exceptions pass as they are.

    Raises:
        UnexpectedError: in the place of such an exception.
    """
    try:
        yield
    except MedGeniusError:
        raise
    except Exception as error:
        if not withhold:
            raise
        raise UnexpectedError(_told(error)) from None


def _told(error: Exception) -> str:
    """Its kind, where in the package it came through last, and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)[1:] or traceback.extract_tb(error.__traceback__)  # not ours
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(_PACKAGE)]
    places = [f"{_short(frame.filename)}:{frame.lineno}" for frame in (*own[-3:], frames[-1])]
    return (
        f"{type(error).__name__} at {', '.join(dict.fromkeys(places))}: this is a defect of the program; the words of "
        "the error are withheld, since they may quote a dialogue"
    )


def _short(filename: str) -> str:
    """The path from the package's or library's own folder on."""
    path = Path(filename)
    if path.is_relative_to(_PACKAGE.parent):
        return str(path.relative_to(_PACKAGE.parent))
    if "site-packages" in path.parts:
        return str(Path(*path.parts[path.parts.index("site-packages") + 1 :]))
    return path.name
