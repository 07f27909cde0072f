"""`medgenius compare`: runs side by side, and where several were evaluated, their paired differences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from medgenius.comparison.page import html_table, write_page
from medgenius.comparison.rows import RunRow, read_rows
from medgenius.comparison.table import as_csv, as_text, run_table
from medgenius.config.compare import CompareConfig
from medgenius.evaluation.columns import columns_of
from medgenius.evaluation.findings import figure, interval, title_of
from medgenius.evaluation.items import SetName
from medgenius.evaluation.records import Record, Score, read_records
from medgenius.evaluation.registry import MEASURES
from medgenius.evaluation.results import Comparison, compare
from medgenius.runs import Run, write_text


@dataclass(frozen=True, slots=True)
class Against:
    """A run's tuned model against that of the first run, on the items that both were asked."""

    row: RunRow
    comparison: Comparison


def compare_runs(config: CompareConfig, console: Console) -> None:
    """Print the table, and write it where an output folder is named.

    Raises:
        RunError: a directory is no run, or damaged.
        ConfigError: there is no column to sort by.
    """
    rows = read_rows([Path(path).expanduser() for path in config.runs])
    table = run_table(rows, config.sort)
    console.print(as_text(table), highlight=False)
    evaluated = [row for row in rows if Run(row.path, row.name).evaluation.results.is_file()]
    against = _against(evaluated, config)
    if against:
        console.print(_differences(evaluated[0], against), highlight=False)
        console.print(_told(evaluated[0]), highlight=False, markup=False)
    if config.output is not None:
        folder = Path(config.output).expanduser()
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / "comparison.csv", as_csv(table))
        write_page(folder / "comparison.html", table, _section(evaluated[0], against) if against else "")
        console.print(f"written: {folder / 'comparison.html'}, comparison.csv", highlight=False, soft_wrap=True)


def _against(evaluated: Sequence[RunRow], config: CompareConfig) -> list[Against]:
    if len(evaluated) < 2:
        return []
    first = {(record.set, record.item): record.scores for record in _records(evaluated[0])}
    found = []
    for row in evaluated[1:]:
        columns = columns_of(_joined(first, _records(row)), MEASURES)
        found.append(Against(row, compare(columns, MEASURES, config.resamples, config.seed)))
    return found


def _records(row: RunRow) -> Iterator[Record]:
    return read_records(Run(row.path, row.name).evaluation.records)


def _joined(first: Mapping[tuple[SetName, str], Mapping[str, Score]], records: Iterator[Record]) -> Iterator[Record]:
    """Records of items that both were asked: as base the first run's tuned model, as tuned the other's."""
    for record in records:
        scores = first.get((record.set, record.item))
        if scores is None:
            continue
        both = {
            name: Score(base=scores[name]["tuned"], tuned=score["tuned"], weight=score["weight"])
            for name, score in record.scores.items()
            if name in scores
        }
        yield replace(record, scores=both)


def _told(first: RunRow) -> str:
    return (
        f"Tuned models on the same items, each against {first.name}: difference with its 95 % interval (paired "
        "bootstrap), and what remains after Holm's adjustment over the lines of a run."
    )


def _lines(against: Sequence[Against]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """For each measure the figure of the first run and the differences of the others, each with a verdict."""
    for name, measure in MEASURES.items():
        found = [one.comparison.metrics.get(name) for one in against]
        reference = next((line for line in found if line is not None), None)
        if reference is None:
            continue
        cells = [(figure(reference.base, measure), "")]
        for line, one in zip(found, against, strict=True):
            if line is None:
                cells.append(("", ""))
                continue
            cells.append((f"{interval(line, measure)} n={line.n:,}", one.comparison.verdict(name)))
        yield title_of(measure), cells


def _differences(first: RunRow, against: Sequence[Against]) -> Table:
    table = Table(title="Paired differences", title_justify="left")
    table.add_column("measure", overflow="fold")
    for name in (first.name, *(one.row.name for one in against)):
        table.add_column(escape(name), justify="right", overflow="fold")
    colours = {"better": "green", "worse": "red"}
    for title, cells in _lines(against):
        drawn = [
            f"[{colours[verdict]}]{escape(text)}[/]" if verdict in colours else escape(text) for text, verdict in cells
        ]
        table.add_row(escape(title), *drawn)
    return table


def _section(first: RunRow, against: Sequence[Against]) -> str:
    head = [("measure", ""), (first.name, ""), *((one.row.name, "") for one in against)]
    rows = [[(title, ""), *cells] for title, cells in _lines(against)]
    return (
        f"<section><h2>Paired differences</h2>{html_table('runs', head, rows)}"
        f'<p class="dim">{_told(first)}</p></section>'
    )
