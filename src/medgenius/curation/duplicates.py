"""Of rows that are copies of each other the best one stays; the others leave and name it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from medgenius.curation.clusters import I64, Corpus
from medgenius.curation.parts import Part, StepTally, read_part, write_part
from medgenius.curation.row import Rejection, Row
from medgenius.curation.row_pass import settle

STEP: Final = "duplicates"


def best_copies(corpus: Corpus, roots: I64) -> I64:
    """(n,) for each row the one of its cluster that stays: the longest answer, then the longest question.

    What is longer lost less on its way. Where both are equally long a hash of the text decides, and at last the place,
    so that the same rows in another order leave the same texts.
    """
    count = len(roots)
    shorter_answer, shorter_question = (-corpus.lengths[:, part].astype(np.int64) for part in (0, 1))
    order = np.lexsort((np.arange(count), corpus.content, shorter_question, shorter_answer, roots))
    ordered = roots[order]
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]]) if count else np.empty(0, dtype=np.bool_)
    best = np.empty(count, dtype=np.int64)
    best[ordered[first]] = order[first]
    return best[roots]


@dataclass(frozen=True, slots=True)
class Copy:
    """A row of a part that is a copy of another row."""

    place: int
    reason: str
    kept: str
    """Key of the row that stays."""


@dataclass(frozen=True, slots=True)
class CopiesJob:
    source: Path
    target: Path
    number: int
    copies: tuple[Copy, ...]


def copies_by_part(corpus: Corpus, best: I64, source: Path) -> list[tuple[Copy, ...]]:
    """What leaves each part. The keys of rows that stay for others are all that is held of the rows' own."""
    leaving = np.flatnonzero(best != np.arange(len(best)))
    ends = np.cumsum(corpus.sizes)
    keys = _keys(np.unique(best[leaving]), ends, source)
    parts: list[list[Copy]] = [[] for _ in corpus.sizes]
    for row in leaving.tolist():
        kept = int(best[row])
        reason = "exact_duplicate" if corpus.same[row] == corpus.same[kept] else "near_duplicate"
        part = int(np.searchsorted(ends, row, side="right"))
        parts[part].append(Copy(row - int(ends[part]) + corpus.sizes[part], reason, keys[kept]))
    return [tuple(copies) for copies in parts]


def _keys(wanted: I64, ends: I64, source: Path) -> dict[int, str]:
    keys: dict[int, str] = {}
    parts = np.searchsorted(ends, wanted, side="right")
    for part in np.unique(parts):
        rows = read_part(source, int(part)).rows
        start = int(ends[part]) - len(rows)
        for row in wanted[parts == part].tolist():
            keys[row] = rows[row - start].key
    return keys


def run_copies_job(job: CopiesJob) -> int:
    """Write a part without its copies; gives how many rows it had."""
    rows = read_part(job.source, job.number).rows
    results: list[Row | Rejection] = list(rows)
    for copy in job.copies:
        results[copy.place] = Rejection(rows[copy.place], STEP, copy.reason, copy.kept)
    rejected: list[Rejection] = []
    tally = StepTally(rows_in=len(rows))
    kept = settle(rows, results, tally, rejected)
    write_part(job.target, job.number, Part(kept, rejected, {STEP: tally}))
    return len(rows)


def cluster_sizes(roots: I64) -> dict[int, int]:
    """How many clusters there are of each size above one."""
    sizes, counts = np.unique(np.unique(roots, return_counts=True)[1], return_counts=True)
    return {int(size): int(count) for size, count in zip(sizes, counts, strict=True) if size > 1}
