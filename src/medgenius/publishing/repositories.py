"""Names that others can have something by: of a repository on the hub, never of a folder of this machine."""

import re
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"(?:[\w-][\w.-]*/)?[\w-][\w.-]*", re.ASCII)
"""`owner/name`, or one of the few old names without an owner."""


def is_repository(place: str) -> bool:
    """Whether it is of the hub's form and no folder; a path from the root stays one when its folder is gone."""
    return _NAME.fullmatch(place) is not None and not Path(place).is_dir()
