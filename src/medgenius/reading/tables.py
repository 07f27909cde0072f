"""Tables: CSV line by line, Parquet in batches of rows."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyarrow import RecordBatch

from medgenius.errors import DataError
from medgenius.reading.records import BadRow, ReadRules, Record, opened

_BATCH: Final = 1000
"""Rows of a Parquet file in memory at once."""


def read_csv(path: Path, rules: ReadRules) -> Iterator[Record | BadRow]:
    """Rows below a header; a row is named by the line on which it begins."""
    # A field may be long; the byte limit judges it, not the csv module's own limit of 128 KiB.
    csv.field_size_limit(1 << 31)
    with opened(path) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
        reader = csv.reader(text, strict=True)
        try:
            header = next(reader, None) or []
            rules.check_columns(path, header)
            while True:
                line = reader.line_num + 1
                cells = next(reader, None)
                if cells is None:
                    return
                where = f"{path}:{line}"
                if not cells:
                    continue
                if len(cells) != len(header):
                    reason = f"has {len(cells)} fields, the header has {len(header)}"
                    yield BadRow(where, "wrong_field_count", reason)
                else:
                    yield Record(where, dict(zip(header, cells, strict=True)))
        except csv.Error as error:
            raise DataError(f"{path}:{reader.line_num}: is not valid CSV: {error}") from None


def read_parquet(path: Path, rules: ReadRules) -> Iterator[Record | BadRow]:
    import pyarrow as pa  # noqa: PLC0415  heavy, and only this format needs it
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with pq.ParquetFile(path) as file:
            rules.check_columns(path, file.schema_arrow.names)
            number = 0
            for batch in file.iter_batches(_BATCH):
                for value in _values(batch):
                    number += 1
                    where = f"{path}:row {number}"
                    yield BadRow(where, *value) if isinstance(value, tuple) else Record(where, value)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: is not readable as Parquet: {' '.join(str(error).split())[:200]}") from None


def _values(batch: "RecordBatch") -> Iterator[object]:
    """Each row as an object with keys, or as the name and the words for what keeps it from being one."""
    try:
        yield from batch.to_pylist()
    except (ValueError, OverflowError):
        for number in range(len(batch)):
            try:
                yield batch.slice(number, 1).to_pylist()[0]
            except UnicodeDecodeError:  # no writer checks what it calls text
                yield "not_utf8", "is not valid UTF-8"
            except (ValueError, OverflowError):  # a date beyond year 9999
                yield "not_readable", "holds a value that Python has no equal of"
