"""The last stage's parts as the files that a person gets."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from medgenius.curation.measures import Measures, measure
from medgenius.curation.parts import Part, counter, part_file, read_part, write_bytes
from medgenius.curation.row import Rejection, Row
from medgenius.curation.tokens import token_counter
from medgenius.files import new_file

DIALOGUES: Final = "dialogues.jsonl"
"""The kept rows, in the order in which they were read."""
CHANGES: Final = "changes.jsonl"
"""A line for each line of DIALOGUES: where the row was read, and every change to it."""
REJECTED: Final = "rejected.jsonl"
"""The rows that left, with step, reason and detail."""
FILES: Final = (DIALOGUES, CHANGES, REJECTED)

_DECODE: Final = msgspec.json.Decoder(Measures, dec_hook=counter)
_counter = cache(token_counter)


@dataclass(frozen=True, slots=True)
class OutputJob:
    stages: tuple[Path, ...]
    """Folders of all stages in their order."""
    target: Path
    number: int
    tokenizer: str | None


def run_output_job(job: OutputJob) -> int:
    """Write one part's piece of each output file, and its measures last; gives its number of rows."""
    part = read_part(job.stages[-1], job.number)
    earlier = (read_part(folder, job.number).rejected for folder in job.stages[:-1])
    rejected = [rejection for left in (*earlier, part.rejected) for rejection in left]
    pieces: Mapping[str, Iterable[object]] = {
        DIALOGUES: _dialogues(part),
        CHANGES: ({"key": row.key, "changes": row.changes} for row in part.rows),
        REJECTED: (_rejected(rejection) for rejection in rejected),
    }
    for name, objects in pieces.items():
        write_bytes(_piece(job.target, name, job.number), msgspec.json.Encoder().encode_lines(objects))
    measures = measure(part, _counter(job.tokenizer))
    write_bytes(part_file(job.target, job.number), msgspec.json.encode(measures))
    return len(part.rows)


def _piece(folder: Path, name: str, number: int) -> Path:
    return folder / f"{number:06d}-{name}"


def _dialogues(part: Part) -> Iterator[dict[str, object]]:
    for place, row in enumerate(part.rows):
        written = _content(row)
        written |= {"confidence": row.confidence, "quality": row.quality, "criteria": dict(row.criteria)}
        if row.conversation_id:
            written["conversation_id"] = row.conversation_id
        if part.splits:
            written["split"] = part.splits[place]
        yield written


def _rejected(rejection: Rejection) -> dict[str, object]:
    why = {
        "key": rejection.row.key,
        "step": rejection.step,
        "reason": rejection.reason,
        "detail": rejection.detail,
    }
    return why | _content(rejection.row) | {"quality": rejection.row.quality, "changes": rejection.row.changes}


def _content(row: Row) -> dict[str, object]:
    return {
        "instruction": row.instruction,
        "input": row.input,
        "output": row.output,
        "source": row.source,
        "licence": row.licence,
        "category": row.category,
        "urgency": row.urgency,
    }


def join_pieces(work: Path, output: Path, parts: int) -> None:
    """Write each output file from its pieces."""
    for name in FILES:
        with new_file(output / name) as stream:
            for number in range(parts):
                with _piece(work, name, number).open("rb") as piece:
                    shutil.copyfileobj(piece, stream)


def total_measures(folder: Path, parts: int) -> Measures:
    """Those of all parts together."""
    total = Measures()
    for number in range(parts):
        total.add(_DECODE.decode(part_file(folder, number).read_bytes()))
    return total
