"""Which reader reads which file."""

from collections.abc import Callable, Iterator
from pathlib import Path

from medgenius.errors import DataError
from medgenius.reading.json_rows import read_json, read_jsonl
from medgenius.reading.records import BadRow, ReadRules, Record
from medgenius.reading.tables import read_csv, read_parquet

_READERS: dict[str, Callable[[Path, ReadRules], Iterator[Record | BadRow]]] = {
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".json": read_json,
    ".csv": read_csv,
    ".parquet": read_parquet,
}


def has_reader(path: Path) -> bool:
    """Whether the name of a file is that of a known format."""
    return path.name.lower().removesuffix(".gz").endswith(tuple(_READERS))


def read_records(path: Path, rules: ReadRules) -> Iterator[Record | BadRow]:
    """Every row of a file in order; whatever its length, only a part of it is in memory.

    Raises:
        DataError: the file as a whole cannot be read, or its format is not known.
    """
    name = path.name.lower().removesuffix(".gz")
    reader = next((reader for ending, reader in _READERS.items() if name.endswith(ending)), None)
    if reader is None:
        known = ", ".join(_READERS)
        raise DataError(f"{path}: format not known by its name; readable are {known}, and .gz behind any but Parquet")
    yield from reader(path, rules)
