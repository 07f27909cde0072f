"""Of rows that are copies of each other the best one stays; the others leave and name it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from medgenius.curation.clusters import I64, Corpus, proven
from medgenius.curation.parts import Part, StepTally, read_part, write_part
from medgenius.curation.row import Rejection, Row
from medgenius.curation.row_pass import settle
from medgenius.curation.workers import Workers

STEP: Final = "duplicates"


def kept_copies(corpus: Corpus, roots: I64, similarity: float, workers: Workers) -> I64:
    """(n,) for each row the one that stays for it: itself, or one that it is similar to.

    Of each cluster the best row stays for all that are similar to it, then the best of the others, and so on: a cluster
    may be a chain whose ends have nothing in common. The best has the longest answer, then the longest question, since
    what is longer lost less on its way. Where both are equally long a hash of the text decides, and at last the place,
    so that the same rows in another order leave the same texts.
    """
    count = len(roots)
    shorter_answer, shorter_question = (-corpus.lengths[:, part].astype(np.int64) for part in (0, 1))
    order = np.lexsort((np.arange(count), corpus.content, shorter_question, shorter_answer, roots))
    kept = np.arange(count)
    left = order[np.bincount(roots, minlength=count)[roots[order]] > 1]
    while len(left):
        is_best = np.concatenate([[True], np.diff(roots[left]) != 0])
        best = left[np.flatnonzero(is_best)[np.cumsum(is_best) - 1]]
        pairs = np.stack([best, left], axis=1)[~is_best]
        for stays, copy in proven(pairs, corpus, similarity, workers):
            kept[copy] = stays
        left = pairs[:, 1][kept[pairs[:, 1]] == pairs[:, 1]]
    return kept


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


def copies_by_part(corpus: Corpus, kept: I64, source: Path) -> list[tuple[Copy, ...]]:
    """What leaves each part. The keys of rows that stay for others are all that is held of the rows' own."""
    leaving = np.flatnonzero(kept != np.arange(len(kept)))
    ends = np.cumsum(corpus.sizes)
    keys = _keys(np.unique(kept[leaving]), ends, source)
    parts: list[list[Copy]] = [[] for _ in corpus.sizes]
    for row in leaving.tolist():
        stays = int(kept[row])
        reason = "exact_duplicate" if corpus.same[row] == corpus.same[stays] else "near_duplicate"
        part = int(np.searchsorted(ends, row, side="right"))
        parts[part].append(Copy(row - int(ends[part]) + corpus.sizes[part], reason, keys[stays]))
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
