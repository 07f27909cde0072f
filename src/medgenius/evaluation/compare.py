"""`medgenius compare`: runs side by side, and where several were evaluated, their paired differences."""

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from medgenius.comparison.page import html_table, write_page
from medgenius.comparison.rows import DAMAGED, RunRow, read_rows
from medgenius.comparison.table import as_csv, as_text, run_table
from medgenius.config.compare import CompareConfig
from medgenius.errors import RunError
from medgenius.evaluation.columns import columns_of
from medgenius.evaluation.comparability import asked_otherwise, made_otherwise, other_targets, other_tokens, system_of
from medgenius.evaluation.findings import figure, interval, title_of
from medgenius.evaluation.items import SetName
from medgenius.evaluation.records import Record, Score, read_header, read_records
from medgenius.evaluation.registry import MEASURES
from medgenius.evaluation.results import Comparison, compare
from medgenius.files import Json, write_text
from medgenius.runs import Run


@dataclass(frozen=True, slots=True)
class Against:
    """A run's tuned model against that of the first run, on the items that both were asked."""

    label: str
    comparison: Comparison | None
    """None: they have no item in common, or no measure is left"""
    told: tuple[str, ...]
    """What is not compared, and why"""


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Evaluated runs, the first of which that can be read the others are held against."""

    first: str
    others: list[Against]


def compare_runs(config: CompareConfig, console: Console) -> None:
    """Print the table, and write it where an output folder is named.

    Raises:
        RunError: a directory is no run, or damaged; the output folder cannot be made.
        ConfigError: there is no column to sort by.
    """
    rows = read_rows([Path(path).expanduser() for path in config.runs])
    table = run_table(rows, config.sort)
    console.print(as_text(table), highlight=False)
    evaluated = [row for row in rows if row.status != DAMAGED and _run(row).evaluation.results.is_file()]
    against = _against(evaluated, config)
    if against and _shown(against)[1]:
        console.print(_differences(against), highlight=False)
    told = [*(_told(against) if against else []), *_caveats(rows)]
    for line in told:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if config.output is not None:
        folder = Path(config.output).expanduser()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"output={folder} cannot be made: {error.strerror}") from None
        write_text(folder / "comparison.csv", as_csv(table))
        write_page(folder / "comparison.html", table, _section(against, told))
        written = f"written: {folder / 'comparison.html'}, comparison.csv"
        console.print(written, highlight=False, markup=False, soft_wrap=True)


def _against(evaluated: Sequence[RunRow], config: CompareConfig) -> Comparisons | None:
    if len(evaluated) < 2:
        return None
    others: list[Against] = []
    for place, row in enumerate(evaluated):
        try:
            header = read_header(_file(row))
            first = {(record.set, record.item): record.scores for record in _records(row)}
        except RunError as error:
            others.append(_not_compared(row, error))
            continue
        for other in evaluated[place + 1 :]:
            try:
                others.append(_one(first, header, row, other, config))
            except RunError as error:  # one of many: the others are still worth a table
                others.append(_not_compared(other, error))
        return Comparisons(f"{row.name}{system_of(header)}", others)
    return Comparisons("", others)


def _not_compared(row: RunRow, error: RunError) -> Against:
    return Against(row.name, None, (f"{row.name}: not compared: {error}",))


def _one(
    first: Mapping[tuple[SetName, str], Mapping[str, Score]],
    header: Mapping[str, Json],
    first_row: RunRow,
    row: RunRow,
    config: CompareConfig,
) -> Against:
    its = read_header(_file(row))
    label = f"{row.name}{system_of(its)}"
    count, shared = 0, list[Record]()
    for record in _records(row):
        count += 1
        if (record.set, record.item) in first:
            shared.append(replace(record, base=None, tuned=None))  # its texts are not needed
    if not shared:
        return Against(label, None, (f"{label}: no item in common",))
    apart = list(asked_otherwise(header, its))
    targets = (other_targets(first[record.set, record.item], record) for record in shared)
    # Of another tokenizer other targets are the consequence: once is enough.
    other = other_tokens(_run(first_row), _run(row)) or next((found for found in targets if found), None)
    apart += [other] if other else []
    columns = columns_of(_joined(first, shared, frozenset().union(*(one.scores for one in apart))), MEASURES)
    measured = {name for record in shared for name in record.scores.keys() & first[record.set, record.item].keys()}
    told = [f"{label}: {line}" for line in made_otherwise(header, its, first_row.settings, row.settings)]
    told += [
        f"{label}: not compared, since {one.why}: {', '.join(names)}"
        for one in apart
        if (names := one.measures(measured))
    ]
    alone = {"the first run": len(first) - len(shared), label: count - len(shared)}
    if left := " and ".join(f"{number:,} of {name}" for name, number in alone.items() if number):
        told.append(f"{label}: {len(shared):,} items in common; without a counterpart are {left}")
    comparison = compare(columns, MEASURES, config.resamples, config.seed)
    if not comparison.metrics:
        return Against(label, None, (*told, f"{label}: no measure is left to compare"))
    return Against(label, comparison, tuple(told))


def _run(row: RunRow) -> Run:
    return Run(row.path, row.name)


def _file(row: RunRow) -> Path:
    return _run(row).evaluation.records


def _records(row: RunRow) -> Iterator[Record]:
    return read_records(_file(row))


def _joined(
    first: Mapping[tuple[SetName, str], Mapping[str, Score]], records: Sequence[Record], left_out: frozenset[str]
) -> Iterator[Record]:
    """Records of items that both were asked: as base the first run's tuned model, as tuned the other's."""
    for record in records:
        scores = first[record.set, record.item]
        both = {
            name: Score(base=scores[name]["tuned"], tuned=score["tuned"], weight=score["weight"])
            for name, score in record.scores.items()
            if name in scores and name not in left_out
        }
        yield replace(record, scores=both)


def _told(against: Comparisons) -> list[str]:
    """How to read the table, and what it lacks."""
    how = (
        f"What was measured as tuned, on the same items, each against {against.first}: difference with its 95 % "
        "interval (paired bootstrap), and what remains after Holm's adjustment over the lines of a run."
    )
    lines = [line for one in against.others for line in one.told]
    return [how, *lines] if _shown(against)[1] else lines


def _caveats(rows: Sequence[RunRow]) -> list[str]:
    """Of the evaluations, each once with the runs that it is of."""
    of: dict[str, list[str]] = {}
    for row in rows:
        for caveat in row.caveats:
            of.setdefault(caveat, []).append(row.name)
    return [f"{', '.join(names)}: {caveat}" for caveat, names in of.items()]


def _lines(comparisons: Sequence[Comparison]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """For each measure the figure of the first run and the differences of the others, each with a verdict."""
    for name, measure in MEASURES.items():
        found = [comparison.metrics.get(name) for comparison in comparisons]
        reference = next((line for line in found if line is not None), None)
        if reference is None:
            continue
        cells = [(figure(reference.base, measure), "")]
        for line, comparison in zip(found, comparisons, strict=True):
            if line is None:
                cells.append(("", ""))
                continue
            cells.append((f"{interval(line, measure)} n={line.n:,}", comparison.verdict(name)))
        yield title_of(measure), cells


def _shown(against: Comparisons) -> tuple[list[str], list[Comparison]]:
    """The names of the columns, and what stands in them behind the first."""
    compared = [(one.label, one.comparison) for one in against.others if one.comparison is not None]
    return [against.first, *(label for label, _ in compared)], [comparison for _, comparison in compared]


def _differences(against: Comparisons) -> Table:
    names, comparisons = _shown(against)
    table = Table(title="Paired differences", title_justify="left")
    table.add_column("measure", overflow="fold")
    for name in names:
        table.add_column(escape(name), justify="right", overflow="fold")
    colours = {"better": "green", "worse": "red"}
    for title, cells in _lines(comparisons):
        drawn = [
            f"[{colours[verdict]}]{escape(text)}[/]" if verdict in colours else escape(text) for text, verdict in cells
        ]
        table.add_row(escape(title), *drawn)
    return table


def _section(against: Comparisons | None, lines: Sequence[str]) -> str:
    told = "".join(f'<p class="dim">{html.escape(line)}</p>' for line in lines)
    if against is None:
        return told
    names, comparisons = _shown(against)
    head = [("measure", ""), *((name, "") for name in names)]
    rows = [[(title, ""), *cells] for title, cells in _lines(comparisons)]
    table = html_table("runs", head, rows) if comparisons else ""
    return f"<section><h2>Paired differences</h2>{table}{told}</section>"
