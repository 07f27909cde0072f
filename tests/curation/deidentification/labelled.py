"""The labelled clinical set: sentences with marked values, cut into a part to tune on and one that is held out."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FILE = Path(__file__).with_name("clinical.txt")
_MARK = re.compile(r"\{([A-Z_]+) ([^{}|]+)(?:\|([^{}]+))?\}")
_HELD_OUT = 3
"""Every third line of each form."""


@dataclass(frozen=True, slots=True)
class Value:
    """Characters `start` to `end` of the text identify somebody."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Sentence:
    form: str
    part: Literal["tuning", "held_out"]
    text: str
    values: tuple[Value, ...]


def read() -> list[Sentence]:
    """All sentences in order. `{KIND words|name}` marks only the name among the words."""
    sentences: list[Sentence] = []
    form, place = "", 0
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            form, place = line.removeprefix("== "), 0
        elif line and not line.startswith("#"):
            place += 1
            sentences.append(_sentence(form, "tuning" if place % _HELD_OUT else "held_out", line))
    return sentences


def _sentence(form: str, part: Literal["tuning", "held_out"], line: str) -> Sentence:
    text, values, end = "", [], 0
    for mark in _MARK.finditer(line):
        kind, words, name = mark.groups()
        text += line[end : mark.start()]
        start = len(text) + (words.index(name) if name else 0)
        values.append(Value(start, start + len(name or words), kind))
        text += words
        end = mark.end()
    return Sentence(form, part, text + line[end:], tuple(values))
