"""report.html: the summary as a page with curves, one self-contained file."""

import html
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytorch_lightning.utilities import rank_zero_only

from medgenius.config.duration import duration
from medgenius.config.train import TrainConfig
from medgenius.files import write_text
from medgenius.runs import Run
from medgenius.training.loggers import flat
from medgenius.training.summary import Summary

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --dim: #5b6b7b; --line: #d9e0e7; --page: #ffffff; --card: #f6f8fa; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e9ee; --dim: #9fb0c0; --line: #32404d; --page: #12181e; --card: #1a222a; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 0 auto;
  max-width: 1000px; padding: 2rem 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.dim { color: var(--dim); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: .75rem; margin: 1.5rem 0; }
.figures div { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .75rem; }
.figures b { display: block; font-size: 1.25rem; }
.plot { background: #fff; border: 1px solid var(--line); border-radius: 8px; padding: .5rem; }
.plot svg { width: 100%; height: auto; display: block; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; font-size: .9rem; }
td, th { border-top: 1px solid var(--line); padding: .35rem .5rem; text-align: left; vertical-align: top; }
td { overflow-wrap: anywhere; white-space: pre-line; }
"""


@rank_zero_only
def write_report(run: Run, config: TrainConfig, summary: Summary) -> None:
    """Draw metrics.jsonl and summary into one page."""
    entries = _read_lines(run.metrics)
    body = [
        f"<h1>{html.escape(run.title)}</h1>",
        f'<p class="dim">{html.escape(run.path.name)} · {html.escape(summary.model)} · {summary.status}</p>',
        _figures(summary),
        "<h2>Curves</h2>",
        f'<div class="plot">{_curves(entries)}</div>',
        *_samples(run.samples),
        "<h2>Settings</h2>",
        _table(("key", "value"), [(key, str(value)) for key, value in flat(config.model_dump()).items()]),
    ]
    write_text(
        run.report,
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(run.title)}</title><style>{_STYLE}</style></head><body>{''.join(body)}</body></html>\n",
    )


def _figures(summary: Summary) -> str:
    before, after = summary.validation_loss_before, summary.validation_loss_after
    loss = f"{before:.3f} → {after:.3f}" if before is not None and after is not None else "not reached"
    cards = [
        ("validation loss", loss),
        ("dialogues", f"{summary.training_dialogues:,} + {summary.validation_dialogues:,}"),
        ("tokens seen", f"{summary.real_tokens:,}"),
        ("tokens per second", f"{summary.tokens_per_second:,.0f}"),
        ("time", duration(summary.seconds)),
        ("peak memory", f"{summary.peak_memory_bytes / 1e9:.1f} GB"),
        ("estimated cost", f"{summary.cost.amount:.3f} {summary.cost.currency}"),
        ("rows skipped", f"{summary.rows_skipped:,}"),
    ]
    inner = "".join(f"<div>{name}<b>{html.escape(value)}</b></div>" for name, value in cards)
    return f'<div class="figures">{inner}</div>'


def _curves(entries: Sequence[dict[str, float]]) -> str:
    """Loss, learning rate, gradient norm and speed against optimizer steps, as inline SVG."""
    from matplotlib import rc_context  # noqa: PLC0415  a second to import, wanted only here
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(10, 5.5))  # margins by hand: a layout engine draws everything once more to find them
    figure.subplots_adjust(left=0.06, right=0.99, top=0.95, bottom=0.08, hspace=0.38, wspace=0.2)
    plots = figure.subplots(2, 2).flat
    for axes, (title, metrics) in zip(
        plots,
        (
            ("loss (nats per target token)", ("train/loss", "validation/loss")),
            ("learning rate", ("train/learning_rate",)),
            ("gradient norm before clipping", ("train/gradient_norm",)),
            ("real tokens per second", ("tokens_per_second",)),
        ),
        strict=True,
    ):
        for metric in metrics:
            points = [(entry["step"], entry[metric]) for entry in entries if entry.get(metric) is not None]
            if points:
                style = "o-" if metric.startswith("validation") or len(points) == 1 else "-"
                axes.plot(*zip(*points, strict=True), style, label=metric.split("/")[0], markersize=4)
        if len(metrics) > 1:
            axes.legend(frameon=False)
        axes.set_title(title, fontsize=10, loc="left")
        axes.set_xlabel("optimizer step", fontsize=9)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    buffer = io.StringIO()
    with rc_context({"svg.fonttype": "none", "font.family": "sans-serif"}):  # text stays text, in the page's own type
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    drawn = buffer.getvalue()
    return drawn[drawn.index("<svg") :]


def _read_lines(path: Path) -> list[Any]:
    """Of JSONL; `str.splitlines` would also part them at U+2028 and its like, which an answer may hold."""
    with path.open("rb") as stream:
        return [json.loads(line) for line in stream]


def _samples(path: Path) -> list[str]:
    if not path.is_file():
        return []
    rows = _read_lines(path)
    columns = ("question", "before", "after", "reference")
    return [
        "<h2>Answers before and after</h2>",
        _table(columns, [tuple(row[name] for name in columns) for row in rows]),
    ]


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
