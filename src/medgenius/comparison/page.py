"""comparison.html: the table of runs as one self-contained page."""

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from medgenius.comparison.table import RunTable
from medgenius.curation.report.style import STYLE as _SHARED
from medgenius.files import write_text

STYLE: Final = (
    _SHARED
    + """
main { max-width: 1400px; } .runs { width: auto; min-width: 60%; }
.runs td, .runs th { padding: .35rem 0 .35rem 1.4rem; text-align: right; font-variant-numeric: tabular-nums; }
.runs th { min-width: 4.5rem; vertical-align: bottom; }
.runs td:first-child, .runs th:first-child { text-align: left; padding-left: 0; position: sticky; left: 0;
  background: var(--page); overflow-wrap: anywhere; min-width: 18rem; }
.runs .best { color: var(--bar); font-weight: 600; } .runs .figure { background: var(--card); }
.better { color: #2a7f4f; } .worse { color: #b3402f; }
@media (prefers-color-scheme: dark) { .better { color: #5fbf8a; } .worse { color: #e07a68; } }
"""
)


def write_page(path: Path, table: RunTable, more: str = "") -> None:
    """
    Args:
        more: HTML behind the table.
    """
    title = f"{len(table.rows)} runs side by side"
    told = (
        "Settings in which they differ, then the figures of training and, where a run was evaluated, of its tuned "
        "model. The best of each column is marked; one run of a setting does not tell its luck from its merit."
    )
    write_text(
        path,
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head>\n<body><main><header><h1>{title}</h1>"
        f'<p class="dim">{told}</p></header><section>{_table(table)}</section>{more}</main></body></html>\n',
    )


_SHORTENED: Final = frozenset({"pruned", "interrupted", "failed"})
"""Runs that took less time because they did less are no best."""


def _table(table: RunTable) -> str:
    bests = {name: _best(table, name) for name in table.figures}
    kinds = ["", *("" for _ in table.settings), *("figure" for _ in table.figures), ""]
    rows = []
    for row, cells in zip(table.rows, table.cells(), strict=True):
        best = {name for name in table.figures if row.figures.get(name) == bests[name] is not None}
        best = best if row.status not in _SHORTENED else set()
        classes = [
            f"{kind} best" if column in best else kind for kind, column in zip(kinds, table.columns, strict=True)
        ]
        rows.append([(text, name) for text, name in zip(cells, classes, strict=True)])
    head = [(name.replace("_", " ") if name in table.figures else name, "") for name in table.columns]
    return html_table("runs", head, rows)


def _best(table: RunTable, name: str) -> float | None:
    if any(name in row.neither_is_better for row in table.rows):
        return None
    found = [row.figures[name] for row in table.rows if name in row.figures and row.status not in _SHORTENED]
    if len(found) < 2 or min(found) == max(found):
        return None
    return max(found) if any(name in row.higher_is_better for row in table.rows) else min(found)


def html_table(kind: str, head: Sequence[tuple[str, str]], rows: Sequence[Sequence[tuple[str, str]]]) -> str:
    """A table of cells, each a text and its class."""

    def cells(tag: str, row: Sequence[tuple[str, str]]) -> str:
        drawn = (f'<{tag} class="{name}">{html.escape(text)}</{tag}>' for text, name in row)
        return f"<tr>{''.join(drawn)}</tr>"

    body = "".join(cells("td", row) for row in rows)
    top = f"<thead>{cells('th', head)}</thead>"
    return f'<div class="scroll"><table class="{kind}">{top}<tbody>{body}</tbody></table></div>'
