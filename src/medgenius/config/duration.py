"""Spans of time as people write them, `90s`, `10min`, `1.5h`, and read them."""

import re
from typing import Annotated

from pydantic import AfterValidator

_FORM = re.compile(r"(\d+(?:\.\d+)?) ?(s|min|h)")
_SECONDS = {"s": 1, "min": 60, "h": 3600}


def seconds(text: str) -> float:
    """
    Raises:
        ValueError: not a positive number with s, min or h behind it.
    """
    found = _FORM.fullmatch(text)
    length = float(found.group(1)) * _SECONDS[found.group(2)] if found else 0.0
    if not length:
        raise ValueError("a time such as 90s, 10min or 1h")
    return length


def duration(length: float) -> str:
    """As people read it, from seconds: `75` -> `1 min 15 s`."""
    minutes, rest = divmod(round(length), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _is_duration(text: str) -> str:
    seconds(text)
    return text


Duration = Annotated[str, AfterValidator(_is_duration)]
