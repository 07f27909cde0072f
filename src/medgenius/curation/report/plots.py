"""Plots as inline SVG in the page's own colours, each with its numbers in words for those who can't see it."""

import html
import math
from collections.abc import Mapping, Sequence
from typing import Final

from medgenius.curation.report.numbers import StepNumbers

_WIDTH: Final = 720
_ROW: Final = 26
_LABEL: Final = 190
_NUMBER: Final = 120


def bars(values: Mapping[str, int], title: str) -> str:
    """A horizontal bar for each name, with its number and its share of all."""
    total = sum(values.values()) or 1
    longest = max(values.values(), default=1) or 1
    room = _WIDTH - _LABEL - _NUMBER
    rows = []
    for place, (name, value) in enumerate(values.items()):
        y = place * _ROW
        rows.append(
            _name(name, y)
            + _bar("bar", _LABEL, y, room * value / longest)
            + _number(f"{value:,} · {100 * value / total:.1f} %", _LABEL + room * value / longest, y)
        )
    return _svg(title, len(values) * _ROW, rows)


def funnel(steps: Sequence[StepNumbers], title: str) -> str:
    """Rows before and after each step: what stays in one colour, what leaves in another."""
    longest = max((step.rows_in for step in steps), default=1) or 1
    room = _WIDTH - _LABEL - _NUMBER - 40
    rows = []
    for place, step in enumerate(steps):
        y = place * _ROW
        kept, left = (room * count / longest for count in (step.rows_out, step.rows_in - step.rows_out))
        gone = f" (−{step.rows_in - step.rows_out:,})" if step.rows_in > step.rows_out else ""
        rows.append(
            _name(step.name, y)
            + _bar("bar", _LABEL, y, kept)
            + _bar("left", _LABEL + kept, y, left)
            + _number(f"{step.rows_out:,}{gone}", _LABEL + kept + left, y)
        )
    return _svg(title, len(steps) * _ROW, rows)


def lengths(counts: Mapping[int, int], title: str) -> str:
    """Rows by length, over a logarithmic axis: lengths of text spread over several orders."""
    edges = [round(2 ** (power / 2)) for power in range(0, 31)]
    heights = [0] * len(edges)
    for length, rows in counts.items():
        heights[min(int(2 * math.log2(max(1, length))), len(edges) - 1)] += rows
    first = next((i for i, height in enumerate(heights) if height), 0)
    last = max((i for i, height in enumerate(heights) if height), default=0)
    return _columns([f"{edge:,}" for edge in edges[first : last + 1]], heights[first : last + 1], title)


def scores(counts: Sequence[int], title: str) -> str:
    """Rows by score from 0 to 1, in equal bins."""
    return _columns([f"{place / len(counts):.2f}" for place in range(len(counts))], counts, title)


def _columns(labels: Sequence[str], heights: Sequence[int], title: str) -> str:
    tall, below = 170, 24
    width = _WIDTH / max(1, len(heights))
    highest = max(heights, default=1) or 1
    every = max(1, math.ceil(len(labels) / 12))
    drawn = []
    for place, (label, height) in enumerate(zip(labels, heights, strict=True)):
        top = (tall - 16) * height / highest
        drawn.append(
            f'<rect class="bar" x="{place * width + 1:.1f}" y="{tall - top:.1f}" width="{width - 2:.1f}" '
            f'height="{top:.1f}" rx="2"><title>from {label}: {height:,} rows</title></rect>'
        )
        if place % every == 0:
            drawn.append(f'<text class="tick" x="{place * width + 1:.1f}" y="{tall + 16}">{label}</text>')
    drawn.append(f'<line class="axis" x1="0" y1="{tall}" x2="{_WIDTH}" y2="{tall}"/>')
    return _svg(title, tall + below, drawn)


def _name(name: str, y: float) -> str:
    return f'<text class="name" x="{_LABEL - 8}" y="{y + 17}" text-anchor="end">{html.escape(_plain(name))}</text>'


def _bar(kind: str, x: float, y: float, width: float) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y + 4}" width="{width:.1f}" height="{_ROW - 8}" rx="3"/>'


def _number(text: str, x: float, y: float) -> str:
    return f'<text class="number" x="{x + 8:.1f}" y="{y + 17}">{text}</text>'


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _svg(title: str, height: int, inner: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{html.escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{html.escape(title)}</title>{"".join(inner)}</svg>'
    )
