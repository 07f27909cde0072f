"""conf/compare.yaml: several runs side by side."""

import re
from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from medgenius.config.fields import AlsoCalled, Root
from medgenius.config.places import PathText, is_folder
from medgenius.errors import ConfigError, shown

_TAKE_A_WORD = frozenset(
    {"--cfg", "-c", "--package", "-p", "--config-path", "-cp", "--config-name", "-cn", "--config-dir", "-cd"}
)
"""Hydra's flags behind which a plain word is no directory of ours."""


class CompareConfig(Root):
    file: ClassVar[str] = "compare"

    runs: Annotated[list[PathText], Field(min_length=1), AlsoCalled("run", "paths", "directories", "folders")]
    """Run directories, or folders of them such as a multirun. Evaluated runs are compared with the first."""
    sort: Annotated[str, Field(min_length=1), AlsoCalled("sort_by", "order", "key")]
    """Name of a column: a number with the best first, a setting with the smallest first."""
    output: Annotated[PathText | None, AlsoCalled("out", "output_dir", "directory", "save_dir")]
    """Folder for comparison.csv and comparison.html; null for neither."""
    resamples: Annotated[int, Field(ge=100), AlsoCalled("n_resamples", "bootstrap")]
    """Of the bootstrap behind each interval."""
    seed: Annotated[int, Field(ge=0, lt=2**32), AlsoCalled("random_seed")]
    """Of the bootstrap."""

    def check_machine(self) -> None:
        for path in self.runs:
            if not is_folder(path):
                raise ConfigError(f"{shown(path, 300)}: there is no such directory")


def with_runs_named(arguments: Sequence[str]) -> list[str]:
    """A command line whose plain words are directories, as Hydra reads it: they become the list `runs`.

    A directory may be called `lora.r=64`; what exists as one is never taken for an override.
    """
    words: list[str] = []
    rest: list[str] = []
    for before, word in zip(["", *arguments], arguments, strict=False):
        (words if before not in _TAKE_A_WORD and _is_directory(word) else rest).append(word)
    quoted = ",".join("'" + word.replace("'", "\\'") + "'" for word in words)
    return [*rest, f"runs=[{quoted}]"] if words else rest


def _is_directory(word: str) -> bool:
    if word.startswith("-"):
        return False
    return is_folder(word) or not re.match(r"[+~]{0,2}[\w./@]*=", word)
