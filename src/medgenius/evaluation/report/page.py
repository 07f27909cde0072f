"""evaluation.html: one self-contained page, the table first, the worst regressions at the top of the answers."""

import html
from collections.abc import Iterable, Sequence
from pathlib import Path

from medgenius.config.duration import duration
from medgenius.curation.report.difference import marked
from medgenius.evaluation.findings import Findings, figure, interval, title_of
from medgenius.evaluation.items import DialogueItem, Item, text_of
from medgenius.evaluation.records import Record
from medgenius.evaluation.report import plots
from medgenius.evaluation.report.examples import Example, worst_first
from medgenius.evaluation.report.style import STYLE
from medgenius.files import write_text


def write_page(path: Path, findings: Findings, records: Iterable[Record], told: Sequence[str]) -> None:
    """
    Args:
        told: sentences that one must know to read the table.
    """
    categories = findings.comparison.categories
    sections = [
        _head(findings),
        _section("Base against " + findings.system, _measures(findings) + _told(told)),
        _section("Loss by category", plots.pairs(categories, findings.system)) if categories else "",
        _answers(findings, records),
        _section("Settings and versions", _settings(findings)),
    ]
    title = f"Evaluation of {findings.run.path.name}"
    write_text(
        path,
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><main>{''.join(sections)}</main></body></html>\n",
    )


def _section(title: str, inner: str) -> str:
    return f"<section><h2>{html.escape(title)}</h2>{inner}</section>"


def _head(findings: Findings) -> str:
    verdicts = [findings.comparison.verdict(name) for name in findings.comparison.metrics]
    sets = findings.items.sets()
    cards = [
        ("model", findings.run_config.model.name, f"base against {findings.system}"),
        (
            "items",
            f"{sum(map(len, sets.values())):,}",
            " · ".join(f"{name} {len(items):,}" for name, items in sets.items()),
        ),
        ("surely better", str(verdicts.count("better")), f"of {len(verdicts)} measures"),
        ("surely worse", str(verdicts.count("worse")), f"of {len(verdicts)} measures"),
        ("unclear", str(verdicts.count("unclear")), "no difference shown, nor ruled out"),
        ("time", duration(findings.seconds), "of the last start"),
    ]
    inner = "".join(
        f"<div><dt>{name}</dt><dd>{html.escape(value)}</dd><dd class=dim>{html.escape(note)}</dd></div>"
        for name, value, note in cards
    )
    return (
        f"<header><h1>Evaluation of {html.escape(findings.run.title)}</h1>"
        '<p class="dim">Automatic measures of a research model. None of them shows that an answer is safe for a '
        f"patient.</p></header><dl class=cards>{inner}</dl>"
    )


def _measures(findings: Findings) -> str:
    comparison = findings.comparison
    head = ("measure", "base", findings.system, "difference [95 %]", "adjusted p", "detectable", "n", "unparsed")
    cells = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in head)
    rows = []
    for name, line in comparison.metrics.items():
        measure, certainty, verdict = findings.measures[name], comparison.statistics[name], comparison.verdict(name)
        p, effect = certainty.p_adjusted, certainty.minimum_detectable_effect
        difference = interval(line, measure)
        values = (
            figure(line.base, measure),
            figure(line.tuned, measure),
            difference,
            "–" if p is None else f"{p:.2g}",
            "–" if effect is None else figure(effect, measure),
            f"{line.n:,}",
            f"{line.unparsed:,}",
        )
        drawn = plots.difference(line, measure.better, verdict, f"{measure.title}: {difference}")
        rows.append(
            f"<tr><td>{html.escape(title_of(measure))}<small>{html.escape(name)}</small></td>"
            + "".join(
                f'<td class="{verdict if place == 2 else ""}">{html.escape(value)}</td>'
                for place, value in enumerate(values)
            )
            + f'<td class="plot">{drawn}</td></tr>'
        )
    cells += '<th class="plot" scope="col">worse · better</th>'
    return (
        f'<div class="scroll"><table class="measures"><thead><tr>{cells}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _told(told: Sequence[str]) -> str:
    return '<ul class="dim">' + "".join(f"<li>{html.escape(line)}</li>" for line in told) + "</ul>"


def _answers(findings: Findings, records: Iterable[Record]) -> str:
    examples = worst_first(records, findings.config.evaluation.examples)
    if not examples:
        return ""
    note = ""
    if not all(findings.may_show_texts(example.record.set) for example in examples):
        note = (
            "<p class=dim>Questions and answers are left out where the run's tracking.log_samples does not allow texts "
            "of its data in reports; auto allows those of the shipped sample. evaluation.jsonl, for its owner only, "
            "holds the answers.</p>"
        )
    items: dict[tuple[str, str], Item] = {
        (name, item.id): item for name, some in findings.items.sets().items() for item in some
    }
    shown = "".join(
        _example(example, items[example.record.set, example.record.id], findings.system)
        if findings.may_show_texts(example.record.set)
        else f"<p class=scores>{_label(example)} {_scores(example)}</p>"
        for example in examples
    )
    return _section("Answers, worst regressions first", note + shown)


def _label(example: Example) -> str:
    grave = " · <b>safety lost</b>" if example.grave > 0 else ""
    return f"{html.escape(example.record.set)} {html.escape(example.record.id)}{grave}"


def _scores(example: Example) -> str:
    told = []
    for name, score in example.record.scores.items():
        base, tuned = ("unparsed" if value is None else f"{value:.3g}" for value in (score["base"], score["tuned"]))
        if base != tuned:
            told.append(f"{html.escape(name)} {base} → {tuned}")
    return " · ".join(told)


def _example(example: Example, item: Item, system: str) -> str:
    record = example.record
    assert record.base is not None
    assert record.tuned is not None
    before, after = marked(record.base.text, record.tuned.text)
    reference = ""
    if isinstance(item, DialogueItem):
        reference = (
            f"<details><summary>reference answer</summary><pre>{html.escape(item.dialogue.output)}</pre></details>"
        )
    return (
        f"<article><h3>{_label(example)}</h3><p class=scores>{_scores(example)}</p>"
        f'<pre class="question">{html.escape(text_of(item))}</pre>'
        f'<div class="pair"><pre><b>base{_cut(record.base.finished)}</b>{before}</pre>'
        f"<pre><b>{html.escape(system)}{_cut(record.tuned.finished)}</b>{after}</pre></div>{reference}</article>"
    )


def _cut(finished: bool) -> str:
    return "" if finished else " · cut at the limit"


def _settings(findings: Findings) -> str:
    values = {
        **_flat(findings.config.evaluation.model_dump(exclude={"judge": {"prompt", "rubric"}}), "evaluation."),
        "seed": findings.config.seed,
        **findings.versions,
    }
    rows = "".join(
        f"<tr><td>{html.escape(key)}</td><td>{html.escape(str(value))}</td></tr>" for key, value in values.items()
    )
    return f'<details><summary>{len(values)} lines</summary><div class="scroll"><table>{rows}</table></div></details>'


def _flat(values: dict[str, object], prefix: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in values.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found
