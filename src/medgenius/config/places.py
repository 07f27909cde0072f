"""Paths as a person types them: any text is answered, by a refusal that names the key or by what lies there."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

_LONGEST_NAME = 255
"""Bytes of one part of a path, as on nearly every file system."""


def _can_be_a_path(value: str) -> str:
    try:
        names = os.fsencode(value).split(b"/")
        Path(value).expanduser()
    except UnicodeEncodeError:
        raise ValueError("holds half a character, so it can't be a path") from None
    except RuntimeError:
        raise ValueError(f"there is no home directory for {value.partition('/')[0][:40]}") from None
    if b"\0" in b"".join(names):
        raise ValueError("holds a null character, so it can't be a path")
    if max(map(len, names)) > _LONGEST_NAME:
        raise ValueError(f"a name in it has more than {_LONGEST_NAME} bytes")
    return value


PathText = Annotated[str, Field(min_length=1), AfterValidator(_can_be_a_path)]
"""`~` and `~user` are home directories."""


# os.path and not pathlib: what may not be looked at raises there, and what lies here is no.


def is_file(path: str) -> bool:
    return os.path.isfile(os.path.expanduser(path))  # noqa: PTH111, PTH113


def is_folder(path: str) -> bool:
    return os.path.isdir(os.path.expanduser(path))  # noqa: PTH111, PTH112


def exists(path: str) -> bool:
    return os.path.lexists(os.path.expanduser(path))  # noqa: PTH111
