"""`run=<dir>`: the run directory that a later verb takes."""

from pathlib import Path
from typing import Annotated

from medgenius.config.fields import AlsoCalled, Schema
from medgenius.config.places import PathText


class ChosenRun(Schema):
    path: Annotated[PathText, AlsoCalled("dir", "directory", "folder", "checkpoint")]
    """A run directory; `run=<dir>` is short for it."""

    @property
    def folder(self) -> Path:
        """Where the run lies."""
        return Path(self.path).expanduser()
