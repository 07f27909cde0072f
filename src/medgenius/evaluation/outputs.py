"""What an evaluation leaves behind: evaluation.json, a Markdown table, the page, and a table on the screen."""

import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from medgenius.evaluation.findings import Findings, figure, interval, title_of
from medgenius.evaluation.records import read_records
from medgenius.evaluation.report.page import write_page
from medgenius.files import Json, write_json, write_text
from medgenius.markdown import markdown_table
from medgenius.runs import Evaluation

_PACKAGES: Final = ("medgenius", "torch", "transformers", "peft", "bitsandbytes", "tokenizers", "sacrebleu")
_SAID: Final = {"better": "[green]better[/]", "worse": "[red]worse[/]", "other": "differs", "unclear": "–"}


def versions() -> dict[str, str]:
    """Of Python and of what computes the numbers."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def write_findings(evaluation: Evaluation, findings: Findings) -> None:
    """Every file of the evaluation but its records; evaluation.json is the last."""
    write_text(evaluation.table, markdown(findings))
    told = [how_to_read(findings), *notes(findings)]
    write_page(evaluation.report, findings, read_records(evaluation.records), told)
    write_json(evaluation.results, results(findings))


def results(findings: Findings) -> Json:
    """evaluation.json."""
    comparison = findings.comparison
    return {
        "run": str(findings.run.path),
        "model": findings.run_config.model.name,
        "system": findings.config.evaluation.system,
        "metrics": {name: asdict(line) for name, line in comparison.metrics.items()},
        "statistics": {name: asdict(line) for name, line in comparison.statistics.items()},
        "categories": {"loss": {name: asdict(line) for name, line in comparison.categories.items()}},
        "items": {
            name: {"n": len(items), "source": findings.items.sources[name], "contaminated": found}
            for name, items in findings.items.sets().items()
            for found in [findings.contamination.get(name)]
        },
        "caveats": list(findings.caveats),
        "not_measured": dict(findings.not_measured),
        "settings": {"seed": findings.config.seed, **findings.config.evaluation.model_dump()},
        "versions": dict(findings.versions),
        "seconds": round(findings.seconds, 1),
    }


def markdown(findings: Findings) -> str:
    """The table for a model card, and what one must know to read it."""
    comparison = findings.comparison
    head = ["measure", "base", findings.system, "difference (95 % interval)", "adjusted p", "items", "unparsed"]
    lines = []
    for name, line in comparison.metrics.items():
        measure, p = findings.measures[name], comparison.statistics[name].p_adjusted
        lines.append(
            [
                title_of(measure),
                figure(line.base, measure),
                figure(line.tuned, measure),
                interval(line, measure),
                "" if p is None else f"{p:.2g}",
                f"{line.n:,}",
                f"{line.unparsed:,}",
            ]
        )
    return f"{markdown_table(head, lines)}\n{how_to_read(findings)}\n\n" + "".join(
        f"- {line}\n" for line in notes(findings)
    )


def how_to_read(findings: Findings) -> str:
    return (
        f"Base and {findings.system} answered the same items. Intervals: paired bootstrap, "
        f"{findings.config.evaluation.resamples:,} resamples of whole clusters of near-duplicate items, Student's t "
        "for fewer than ten. p: McNemar's test for proportions, else the paired randomisation test, adjusted over all "
        "lines (Holm)."
    )


def notes(findings: Findings) -> list[str]:
    """Where the items come from, what of them was seen in training, and what was not measured."""
    told = []
    for name, items in findings.items.sets().items():
        line = f"{name}: {findings.items.sources[name]}; {len(items):,} measured"
        if name in findings.contamination:
            line += f", of which {findings.contamination[name]:,} share text with the training rows"
        told.append(line)
    told += findings.caveats
    return told + [f"not measured: {name} ({reason})" for name, reason in findings.not_measured.items()]


def print_findings(console: Console, evaluation: Evaluation, findings: Findings) -> None:
    """The table for the person who waited."""
    comparison = findings.comparison
    table = Table(title=f"{findings.run.path.name}: base and {findings.system}", title_justify="left")
    table.add_column("measure", overflow="fold")
    other = findings.system.removeprefix("base + ")  # names of measures need the width
    for column in ("base", other, "difference \\[95 %]", "n", ""):
        table.add_column(column, justify="right", no_wrap=True)
    for name, line in comparison.metrics.items():
        measure = findings.measures[name]
        table.add_row(
            f"{name}{title_of(measure).removeprefix(measure.title)}",
            figure(line.base, measure),
            figure(line.tuned, measure),
            escape(interval(line, measure)),
            f"{line.n:,}" + (f" ({line.unparsed:,} unparsed)" if line.unparsed else ""),
            _SAID[comparison.verdict(name)],
        )
    console.print(table, highlight=False)
    for note in [*notes(findings), f"report: {evaluation.report}"]:
        console.print(note, highlight=False, markup=False, soft_wrap=True)
