"""Word lists written for this project; `#` opens a comment line."""

import re
from collections.abc import Iterator
from importlib.resources import files


def lines(name: str) -> Iterator[str]:
    """The lines of a list, without comments and empty lines."""
    for line in (files(__package__) / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


def words(name: str) -> frozenset[str]:
    """The words of a list that has several in a line."""
    return frozenset(word for line in lines(name) for word in line.split())


def any_of(phrases: str) -> re.Pattern[str]:
    """A pattern for phrases in lower case, set apart by `; `; a last `*` stands for any ending."""
    patterns = [re.escape(phrase.removesuffix("*")) + r"\w*" * phrase.endswith("*") for phrase in phrases.split("; ")]
    return re.compile(rf"\b(?:{'|'.join(sorted(patterns, key=len, reverse=True))})(?!\w)")
