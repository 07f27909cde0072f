"""Paths as a person types them: any text is answered, by a refusal that names the key or by what lies there."""

import os
from pathlib import Path
from types import UnionType
from typing import Annotated, Final, Union, get_args, get_origin

from pydantic import AfterValidator, Field
from pydantic.fields import FieldInfo

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


_IS_PATH: Final = AfterValidator(_can_be_a_path)
PathText = Annotated[str, Field(min_length=1), _IS_PATH]
"""`~` and `~user` are home directories."""


def _is_one_folder(value: str) -> str:
    if not value.strip() or "/" in value or not value.isprintable() or value in {".", ".."}:
        raise ValueError("must be a plain folder name")
    return value


FolderName = Annotated[str, AfterValidator(_is_one_folder)]
"""A folder that is made in another one."""


def takes_a_path(field: FieldInfo) -> bool:
    """Whether one path, or nothing, is what a key wants."""
    return _IS_PATH in field.metadata or _holds_one(field.annotation)


def _holds_one(annotation: object) -> bool:
    if get_origin(annotation) is Annotated:
        return _IS_PATH in get_args(annotation)
    return get_origin(annotation) in {Union, UnionType} and any(_holds_one(part) for part in get_args(annotation))


# os.path and not pathlib: what may not be looked at raises there, and what lies here is no.


def is_file(path: str) -> bool:
    return os.path.isfile(os.path.expanduser(path))  # noqa: PTH111, PTH113


def is_folder(path: str) -> bool:
    return os.path.isdir(os.path.expanduser(path))  # noqa: PTH111, PTH112


def exists(path: str) -> bool:
    return os.path.lexists(os.path.expanduser(path))  # noqa: PTH111
