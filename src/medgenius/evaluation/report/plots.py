"""Plots without a script, in the page's own colours: a difference with its interval, and pairs of bars."""

import html
from collections.abc import Mapping
from typing import Final

from medgenius.evaluation.measures import Better
from medgenius.evaluation.results import CategoryLine, Compared

_WIDTH: Final = 180
_HEIGHT: Final = 22


def difference(line: Compared, better: Better, verdict: str, label: str) -> str:
    """A dot with its interval, where it has one; the line in the middle is no difference, and right of it is better.

    Each has a scale of its own: what can be compared between rows is where the interval lies, not how long it is.
    """
    sign = -1.0 if better == "lower" else 1.0
    ends = [value for value in (line.low, line.high) if value is not None]
    reach = 1.12 * max(abs(value) for value in (*ends, line.difference)) or 1.0

    def at(value: float) -> float:
        return _WIDTH / 2 + sign * value / reach * (_WIDTH / 2 - 4)

    middle = _HEIGHT / 2
    bar = ""
    if len(ends) == 2:
        bar = f'<line x1="{at(ends[0]):.1f}" y1="{middle}" x2="{at(ends[1]):.1f}" y2="{middle}"/>'
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{html.escape(label)}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{html.escape(label)}</title>'
        f'<line class="zero" x1="{_WIDTH / 2}" y1="0" x2="{_WIDTH / 2}" y2="{_HEIGHT}"/>'
        f'<g class="{verdict}">{bar}<circle cx="{at(line.difference):.1f}" cy="{middle}" r="4.5"/></g></svg>'
    )


def pairs(lines: Mapping[str, CategoryLine], system: str) -> str:
    """Two bars for each category, base above the other; text stays text, so that it is read out and wraps."""
    longest = max((max(line.base, line.tuned) for line in lines.values()), default=1.0) or 1.0
    items = []
    for name, line in lines.items():
        bars = "".join(
            f'<i class="{kind}" style="width:{100 * value / longest:.1f}%"></i>'
            for kind, value in (("left", line.base), ("bar", line.tuned))
        )
        items.append(
            f"<li><span>{html.escape(name.replace('_', ' '))}</span><span class=track aria-hidden=true>{bars}</span>"
            f"<span>{line.base:.2f} → {line.tuned:.2f} · n {line.n:,}</span></li>"
        )
    key = f'<ul class="key"><li><i class="base"></i>base</li><li><i class="tuned"></i>{html.escape(system)}</li></ul>'
    return f'{key}<ol class="bars double">{"".join(items)}</ol>'
