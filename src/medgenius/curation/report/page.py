"""report.html: one self-contained page that a person wants to look at."""

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from medgenius.curation.parts import Example
from medgenius.curation.report import plots
from medgenius.curation.report.difference import marked
from medgenius.curation.report.numbers import Report, Spread, StepNumbers
from medgenius.curation.report.style import STYLE
from medgenius.files import write_text

_SHOWN_RULES: Final = 12


def write_page(path: Path, report: Report) -> None:
    sections = [
        _head(report),
        _section("Rows from step to step", plots.funnel(report.steps)),
        _section("Why rows left", plots.bars(report.reasons)) if report.reasons else "",
        _lengths(report),
        _section("Categories", plots.bars(report.categories)),
        _quality(report),
        _counts(report),
        "<h2>What each step did</h2>",
        *(_step(step, report) for step in report.steps),
        _section("Time", _table(("stage", "seconds", "rows per second"), _times(report))),
    ]
    write_text(
        path,
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(report.title)}</title><style>{STYLE}</style></head>\n"
        f"<body><main>{''.join(sections)}</main></body></html>\n",
    )


def _head(report: Report) -> str:
    cards = [
        ("rows in", f"{report.rows_in:,}", ""),
        ("kept", f"{report.rows_kept:,}", _share(report.rows_kept, report.rows_in)),
        ("dropped", f"{report.rows_rejected:,}", _share(report.rows_rejected, report.rows_in)),
        ("kept and changed", f"{report.rows_changed:,}", _share(report.rows_changed, report.rows_kept) + " of kept"),
        ("question", _mean(report.input_tokens), _deviation(report.input_tokens)),
        ("answer", _mean(report.output_tokens), _deviation(report.output_tokens)),
        ("time", _duration(report.seconds), f"{report.rows_in / max(report.seconds, 1e-3):,.0f} rows/s"),
        ("peak memory", f"{report.peak_memory_bytes / 1e9:.2f} GB", "all processes"),
    ]
    inner = "".join(
        f"<div><dt>{name}</dt><dd>{value}</dd><dd class=dim>{note}</dd></div>" for name, value, note in cards
    )
    return (
        f"<header><h1>{html.escape(report.title)}</h1>"
        '<p class="dim">What came in, what stayed, what left and why. This page shows texts of rows: treat it like '
        f"the data.</p></header><dl class=cards>{inner}</dl>"
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def _mean(spread: Spread | None) -> str:
    return f"{spread.mean:,.0f}" if spread else "–"


def _deviation(spread: Spread | None) -> str:
    return f"± {spread.standard_deviation:,.0f} tokens" if spread else ""


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


def _section(title: str, inner: str) -> str:
    return f"<section><h2>{html.escape(title)}</h2>{inner}</section>"


def _lengths(report: Report) -> str:
    names = ("mean", "sd", "min", "5 %", "median", "95 %", "max", "total")
    rows = []
    drawn = []
    for name, spread in (("question", report.input_tokens), ("answer", report.output_tokens)):
        if spread is None:
            continue
        values = (
            spread.mean,
            spread.standard_deviation,
            spread.minimum,
            spread.percentile_5,
            spread.median,
            spread.percentile_95,
            spread.maximum,
            spread.total,
        )
        rows.append((name, *(f"{value:,}" for value in values)))
        title = f"{name.capitalize()}: rows by length"
        drawn.append(f"<figure><figcaption>{title}</figcaption>{plots.lengths(report.lengths[name], title)}</figure>")
    note = f'<p class="dim">Counted with: {html.escape(report.tokenizer)}. The question includes its instruction.</p>'
    return _section("Lengths", note + _table(("", *names), rows) + f'<div class="pair">{"".join(drawn)}</div>')


def _quality(report: Report) -> str:
    if not report.quality:
        return ""
    criteria = [(name, f"{mean:.2f}") for name, mean in report.criteria.items()]
    drawn = plots.scores(report.quality, "Kept rows by quality score")
    return _section("Quality", drawn + (_table(("criterion", "mean"), criteria) if criteria else ""))


def _counts(report: Report) -> str:
    """Small tables side by side."""
    tables: list[tuple[str, Mapping[str, int]]] = [
        ("Split", report.splits),
        ("Urgency", report.urgencies),
        ("Language of the answer", report.languages),
        ("De-identified values", {kind.replace("_", " ").lower(): n for kind, n in report.deidentification.items()}),
    ]
    for step, sizes in report.duplicate_clusters.items():
        named = {f"{size} rows": count for size, count in sorted(sizes.items())[:_SHOWN_RULES]}
        larger = sum(count for size, count in sorted(sizes.items())[_SHOWN_RULES:])
        tables.append((f"Clusters in {step}", named | ({"more rows": larger} if larger else {})))
    drawn = [f"<div><h3>{title}</h3>{_table((), _number_rows(values))}</div>" for title, values in tables if values]
    licences = [
        (source, licence, f"{rows:,}") for source, found in report.sources.items() for licence, rows in found.items()
    ]
    drawn.append(f"<div class=wide><h3>Sources</h3>{_table(('source', 'licence', 'rows'), licences)}</div>")
    return f'<section><h2>In numbers</h2><div class="tables">{"".join(drawn)}</div></section>'


def _number_rows(values: Mapping[str, int]) -> list[tuple[str, str]]:
    return [(name, f"{value:,}") for name, value in values.items()]


def _step(step: StepNumbers, report: Report) -> str:
    changed, dropped = report.examples[step.name], report.dropped[step.name]
    left = step.rows_in - step.rows_out
    facts = f"{step.rows_in:,} rows in · {step.rows_changed:,} changed · {left:,} dropped"
    inner = ""
    if step.rules:
        rules = _number_rows(dict(list(step.rules.items())[:_SHOWN_RULES]))
        inner += f"<h4>Changes by rule</h4>{_table(('rule', 'changes'), rules)}"
    if changed:
        inner += "<h4>Changed rows</h4>" + "".join(_changed(example) for example in changed)
    if dropped:
        inner += "<h4>Dropped rows</h4>" + "".join(_dropped(example) for example in dropped)
    if not inner:
        return f'<p class="quiet"><b>{html.escape(step.name)}</b> <span class="dim">{facts}</span></p>'
    return (
        f'<details><summary><b>{html.escape(step.name)}</b> <span class="dim">{facts}</span></summary>{inner}</details>'
    )


def _changed(example: Example) -> str:
    before, after = marked(example.before, example.after)
    return _article(example, f'<div class="pair"><pre>{before}</pre><pre>{after}</pre></div>')


def _dropped(example: Example) -> str:
    return _article(example, f"<pre>{html.escape(example.before)}</pre>" if example.before else "")


def _article(example: Example, inner: str) -> str:
    detail = f" · {html.escape(example.detail)}" if example.detail else ""
    return (
        f'<article><p><b>{html.escape(example.label)}</b>{detail} <span class="dim">{html.escape(example.key)}</span>'
        f"</p>{inner}</article>"
    )


def _times(report: Report) -> list[tuple[str, ...]]:
    return [(stage.name, f"{stage.seconds:,.1f}", f"{stage.rows_per_second:,.0f}") for stage in report.stages]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in head)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
