"""conf/data as dialogues: the shipped sample, a file, or a data set of the hub."""

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from medgenius.config.data import DataConfig, HubData
from medgenius.data.dialogue import Dialogue
from medgenius.data.rows import RowRules, needed_columns, read_rows, to_dialogue
from medgenius.errors import DataError, shown
from medgenius.reading.records import BadRow

SAMPLE = Path(__file__).parent / "sample" / "dialogues.jsonl"
_SHOWN = 20
_FORMATS = {"arrow", "csv", "json", "parquet"}
"""Of a data set of the hub."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The usable dialogues of a source and the rows that were left out."""

    dialogues: list[Dialogue]
    skipped: list[BadRow]


def load_dialogues(config: DataConfig, seed: int) -> Loaded:
    """Read the whole source, then keep `max_rows` of it by a seeded choice.

    Raises:
        DataError: a file or data set that cannot be read; unusable rows under `on_bad_row=stop`; nothing usable.
    """
    dialogues: list[Dialogue] = []
    bad: list[BadRow] = []
    for row in _rows(config):
        if isinstance(row, BadRow):
            bad.append(row)
        else:
            dialogues.append(row)
    if bad and config.on_bad_row == "stop":
        raise DataError(_named(bad))
    if not dialogues:
        raise DataError(f"{_source_name(config)}: no usable row" + (f" ({len(bad)} skipped)" if bad else ""))
    if config.max_rows is not None and config.max_rows < len(dialogues):
        kept = sorted(random.Random(seed).sample(range(len(dialogues)), config.max_rows))  # noqa: S311
        dialogues = [dialogues[i] for i in kept]
    return Loaded(dialogues, bad)


def _named(bad: list[BadRow]) -> str:
    """Every bad row on a line of its own, up to a limit, and what to do."""
    lines = [str(row) for row in bad[:_SHOWN]]
    if len(bad) > _SHOWN:
        lines.append(f"… and {len(bad) - _SHOWN} more")
    rows = "1 row" if len(bad) == 1 else f"{len(bad)} rows"
    lines.append(f"{rows} can't be used: mend the file, or leave them out with data.on_bad_row=skip")
    return "\n".join(lines)


def _source_name(config: DataConfig) -> str:
    match config.source:
        case "sample":
            return str(SAMPLE)
        case "file":
            return config.path
        case "hub":
            return config.name


def _rows(config: DataConfig) -> Iterator[Dialogue | BadRow]:
    rules = RowRules(config.columns, config.default_instruction, config.max_row_bytes, config.split_column)
    match config.source:
        case "sample":
            yield from read_rows(SAMPLE, rules)
        case "file":
            yield from read_rows(Path(config.path).expanduser(), rules)
        case "hub":
            for number, row in enumerate(_hub_rows(config, rules), start=1):
                yield to_dialogue(row, f"{config.name}:row {number}", rules)


def _hub_rows(config: HubData, rules: RowRules) -> Iterable[object]:
    from datasets import load_dataset, load_dataset_builder  # noqa: PLC0415  heavy, and only this source needs it

    where = f"data.name={config.name}"
    try:
        builder = load_dataset_builder(config.name, config.subset, revision=config.revision)
    except Exception as error:  # its libraries raise what comes to hand
        raise DataError(f"{where}: the hub's data set can't be had ({shown(error, 200)})") from None
    if builder.name not in _FORMATS:  # one of the others reads pickles
        raise DataError(f"{where}: is read as {shown(builder.name)}; readable are {', '.join(sorted(_FORMATS))}")
    try:
        table = load_dataset(config.name, config.subset, split=config.split, revision=config.revision)
    except Exception as error:
        there = ", ".join(builder.info.splits or ())
        known = f"; its splits are {there}" if there else ""
        # Not in the library's words, which may quote a row.
        raise DataError(
            f"{where}: the rows of data.split={config.split} can't be had ({type(error).__name__}){known}"
        ) from None
    for key, column in needed_columns(rules):
        if column not in table.column_names:
            # The first row of a table without a header would be shown as names of columns.
            there = ", ".join(name for name in table.column_names if re.fullmatch(r"\w{1,30}", name))
            raise DataError(f"{where}: no column {column!r} (there are: {there}); set {key}=…")
    rows: Iterable[object] = table
    return rows
