"""Plots without a script: bars as a list, columns as inline SVG, in the page's own colours."""

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from medgenius.curation.report.numbers import StepNumbers

_WIDTH: Final = 480


def bars(values: Mapping[str, int]) -> str:
    """A bar for each name, with its number and its share of all; text stays text, so that it is read out and wraps."""
    total = sum(values.values()) or 1
    longest = max(values.values(), default=1) or 1
    return _rows(
        (name, [("bar", value / longest)], f"{value:,} · {value / total:.1%}") for name, value in values.items()
    )


def funnel(steps: Sequence[StepNumbers]) -> str:
    """Rows after each step: what stays in one colour, what leaves in another."""
    longest = max((step.rows_in for step in steps), default=1) or 1
    drawn = []
    for step in steps:
        left = step.rows_in - step.rows_out
        pieces = [("bar", step.rows_out / longest), ("left", left / longest)]
        drawn.append((step.name, pieces, f"{step.rows_out:,}" + (f" (−{left:,})" if left else "")))
    return _rows(drawn)


def _rows(rows: Iterable[tuple[str, list[tuple[str, float]], str]]) -> str:
    items = []
    for name, pieces, number in rows:
        drawn = "".join(f'<i class="{kind}" style="width:{100 * share:.2f}%"></i>' for kind, share in pieces)
        label = html.escape(name.replace("_", " "))
        items.append(
            f"<li><span>{label}</span><span class=track aria-hidden=true>{drawn}</span><span>{number}</span></li>"
        )
    return f'<ol class="bars">{"".join(items)}</ol>'


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
    every = max(1, math.ceil(len(labels) / 8))
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


def _svg(title: str, height: int, inner: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{html.escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{html.escape(title)}</title>{"".join(inner)}</svg>'
    )
