"""report.html of a study: one self-contained page that needs no network."""

import html

from optuna.study import Study
from plotly.graph_objects import Figure
from plotly.offline import get_plotlyjs

from medgenius.sweeps.ending import best_trials, command, values
from medgenius.sweeps.report.figures import COLOURS, figures
from medgenius.sweeps.report.table import columns, rows, totals
from medgenius.sweeps.study import Facts

_STYLE = """
:root { color-scheme: light; --ink: #1c2733; --dim: #5b6b7b; --line: #d9e0e7; --card: #f6f8fa; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: #fff; margin: 0 auto; max-width: 1100px;
  padding: 2rem 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.dim { color: var(--dim); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: .75rem; margin: 1.5rem 0; }
.figures div { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .75rem; }
.figures b { display: block; font-size: 1.1rem; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .75rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.plot { border: 1px solid var(--line); border-radius: 8px; padding: .25rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; }
td, th { border-top: 1px solid var(--line); padding: .3rem .5rem; text-align: left; vertical-align: top;
  font-variant-numeric: tabular-nums; }
td:not(:last-child), th { white-space: nowrap; }
"""


def page(study: Study, facts: Facts) -> str:
    goals = [f"{way} {metric}" for way, metric in zip(facts.directions, facts.metrics, strict=True)]
    title = html.escape(f"Study {study.study_name}")
    body = [f"<h1>{title}</h1>", f'<p class="dim">{html.escape(", ".join(goals))}</p>', _cards(study, facts)]
    best = best_trials(study)
    if best:
        body.append("<h2>Best trial</h2>" if len(facts.metrics) == 1 else "<h2>Pareto set</h2>")
    for trial in best:
        body.append(f"<p>Trial {trial.number}: {html.escape(values(study, trial))}. To train it again:</p>")
        body.append(f"<pre>{html.escape(command(study, trial))}</pre>")
    for name, figure in figures(study, facts):
        body.append(f'<h2>{html.escape(name)}</h2><div class="plot">{_drawn(figure)}</div>')
    body += ["<h2>Trials</h2>", _table(columns(facts), rows(study, facts))]
    body += ["<h2>Search space</h2>", _table(["key", "values"], [[key, text] for key, text in facts.space.items()])]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style><script>{get_plotlyjs()}</script></head>"
        f"<body>{''.join(body)}</body></html>\n"
    )


def _drawn(figure: Figure) -> str:
    figure.update_layout(template="plotly_white", title=None, margin={"l": 60, "r": 30, "t": 30, "b": 60})
    figure.update_layout(colorway=[COLOURS["COMPLETE"], COLOURS["PRUNED"]])
    figure.update_xaxes(exponentformat="e")
    drawn: str = figure.to_html(full_html=False, include_plotlyjs=False, config={"displaylogo": False})
    return drawn


def _cards(study: Study, facts: Facts) -> str:
    cells = "".join(f"<div>{name}<b>{_unbroken(value)}</b></div>" for name, value in totals(study, facts))
    return f'<div class="figures">{cells}</div>'


def _unbroken(text: str) -> str:
    """Lines break behind commas alone."""
    return html.escape(text).replace(" ", "&nbsp;").replace(",&nbsp;", ", ")


def _table(names: list[str], lines: list[list[str]]) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in line) + "</tr>" for line in lines)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
