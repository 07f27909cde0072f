"""Clusters of rows that are alike, over all parts: an index on disk, candidates from bands, proof by Jaccard index."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from medgenius.curation.parts import read_part
from medgenius.curation.similarity import BAND_WIDTH, BANDS, U32, U64, index, jaccard
from medgenius.curation.workers import Workers
from medgenius.files import new_file

I64 = NDArray[np.int64]

_RUNS: Final = "runs.u32"
_ALL_PAIRS: Final = 500
"""Rows that share a band are compared each with each up to this many, beyond it each with the next _NEXT of them."""
_NEXT: Final = 100
_AT_ONCE: Final = 1_000_000
"""Candidate pairs in memory."""
_JOB: Final = 10_000
"""Pairs that a worker proves at a time."""
_MISSED: Final = 1e-3
"""Share of just similar pairs that may be lost by asking for more than one common band."""


@dataclass(frozen=True, slots=True)
class IndexJob:
    source: Path
    target: Path
    number: int


def index_file(folder: Path, number: int) -> Path:
    return folder / f"index-{number:06d}.npz"


def run_index_job(job: IndexJob) -> int:
    """Write the index of one part; gives its number of rows."""
    rows = read_part(job.source, job.number).rows
    made = index(rows)
    with new_file(index_file(job.target, job.number)) as stream:
        np.savez(stream, **{field.name: getattr(made, field.name) for field in fields(made)})
    return len(rows)


@dataclass(frozen=True, slots=True)
class Corpus:
    """The index of all rows, without their runs, which stay on disk: about 200 bytes a row."""

    same: U64
    question: U64
    conversation: U64
    content: U64
    category: NDArray[np.int16]
    lengths: U32
    bands: U32
    counts: U32
    starts: I64
    """(n,) where the runs of a row begin in the file"""
    runs: Path
    sizes: tuple[int, ...]
    """rows of each part"""


def gather(folder: Path, parts: int) -> Corpus:
    """Join the parts' indices; their runs go to one file, a part at a time."""
    kept: dict[str, list[NDArray[np.integer]]] = {
        name: [] for name in ("same", "question", "conversation", "content", "category", "lengths", "bands", "counts")
    }
    with new_file(folder / _RUNS) as stream:
        for number in range(parts):
            with np.load(index_file(folder, number)) as arrays:
                for name, pieces in kept.items():
                    pieces.append(arrays[name])
                stream.write(arrays["runs"].tobytes())
    sizes = tuple(len(piece) for piece in kept["same"])
    joined = {name: np.concatenate(pieces) for name, pieces in kept.items()}
    totals = joined["counts"].astype(np.int64).sum(axis=1)
    starts = np.concatenate([[0], np.cumsum(totals)[:-1]]).astype(np.int64)
    return Corpus(**joined, starts=starts, runs=folder / _RUNS, sizes=sizes)


class Forest:
    """Union-find: rows that were joined have one root, the lowest of them."""

    def __init__(self, count: int) -> None:
        self.parent = np.arange(count)

    def find(self, row: int) -> int:
        while (above := int(self.parent[row])) != row:
            self.parent[row] = self.parent[above]
            row = above
        return row

    def join(self, a: int, b: int) -> None:
        a, b = self.find(a), self.find(b)
        if a != b:
            self.parent[max(a, b)] = min(a, b)

    def join_equal(self, values: U64) -> None:
        """Rows of one value belong together."""
        order = np.argsort(values, kind="stable")
        equal = values[order][1:] == values[order][:-1]
        for a, b in zip(order[:-1][equal], order[1:][equal], strict=True):
            self.join(int(a), int(b))

    def roots(self) -> I64:
        """(n,) the root of every row."""
        roots = self.parent.copy()
        while True:
            above = roots[roots]
            if np.array_equal(above, roots):
                return roots
            roots = above


def join_similar(forest: Forest, corpus: Corpus, similarity: float, workers: Workers) -> None:
    """Join every two rows whose questions and whose answers have at least this Jaccard index.

    Pairs come from rows that agree in a band. At an index of 0.8 a pair is missed once in ten million, at 0.7 once in
    7,000 (1 - (1 - s**4)**32 is the chance to find it).
    """
    least = _least_common_bands(similarity)
    for band in range(BANDS):
        for pairs in _candidates(corpus.bands[:, band]):
            roots = forest.roots()
            pairs = pairs[roots[pairs[:, 0]] != roots[pairs[:, 1]]]  # noqa: PLW2901
            agree = corpus.bands[pairs[:, 0]] == corpus.bands[pairs[:, 1]]
            # A pair that agrees in several bands is proven at the first of them.
            first = agree.argmax(axis=1) == band
            wanted = pairs[first & (agree.sum(axis=1) >= least)]
            for left, right in proven(wanted, corpus, similarity, workers):
                forest.join(left, right)


def _least_common_bands(similarity: float) -> int:
    """How many bands a pair must share: as many as nearly all pairs of this similarity do (binomial)."""
    agree = similarity**BAND_WIDTH
    chance = lost = (1 - agree) ** BANDS
    least = 1
    while least < BANDS and agree < 1:
        chance *= (BANDS - least + 1) / least * agree / (1 - agree)
        lost += chance
        if lost > _MISSED:
            break
        least += 1
    return least


def _candidates(band: U32) -> Iterator[I64]:
    """(m, 2) pairs of rows of equal value, lower row first, in portions."""
    order = np.argsort(band, kind="stable")
    starts = np.concatenate([[0], np.flatnonzero(np.diff(band[order])) + 1, [len(band)]])
    held: list[I64] = []
    count = 0
    for place in np.flatnonzero(np.diff(starts) > 1):
        group = order[starts[place] : starts[place + 1]]
        reach = len(group) if len(group) <= _ALL_PAIRS else _NEXT
        for step in range(1, min(reach, len(group))):
            held.append(np.stack([group[:-step], group[step:]], axis=1))
            count += len(held[-1])
            if count >= _AT_ONCE:
                yield np.concatenate(held)
                held, count = [], 0
    if held:
        yield np.concatenate(held)


@dataclass(frozen=True, slots=True)
class ProofJob:
    runs: Path
    similarity: float
    places: I64
    """(m, 2, 3) of both rows of a pair: where its runs begin, how many the question has, how many the answer"""


def proven(pairs: I64, corpus: Corpus, similarity: float, workers: Workers) -> Iterator[tuple[int, int]]:
    """The pairs of rows whose questions and whose answers have at least this Jaccard index, in their order."""
    a, b = (corpus.counts[pairs[:, side]] for side in (0, 1))
    # Sets of very different sizes can't be alike: the index is at most the smaller over the larger.
    pairs = pairs[(np.minimum(a, b) >= similarity * np.maximum(a, b)).all(axis=1)]
    jobs = {}
    for start in range(0, len(pairs), _JOB):
        piece = pairs[start : start + _JOB]
        places = np.concatenate([corpus.starts[piece][:, :, None], corpus.counts[piece]], axis=2).astype(np.int64)
        jobs[start] = ProofJob(corpus.runs, similarity, places)
    if len(pairs) <= _JOB // 10:  # not worth the way to another process
        results = {start: prove(job) for start, job in jobs.items()}
    else:
        starts = {id(job): start for start, job in jobs.items()}
        results = {starts[id(job)]: found for job, found in workers.map(prove, jobs.values())}
    for start in sorted(results):
        for a, b in pairs[start : start + _JOB][results[start]]:
            yield int(a), int(b)


def prove(job: ProofJob) -> NDArray[np.bool_]:
    """(m,) whether each pair is alike in question and answer."""
    file = os.open(job.runs, os.O_RDONLY)
    try:

        @lru_cache(maxsize=4096)
        def sets(start: int, question: int, answer: int) -> tuple[U32, U32]:
            # Read, not mapped: mapped pages would count as this process's memory.
            both = np.frombuffer(os.pread(file, 4 * (question + answer), 4 * start), dtype=np.uint32)
            return both[:question], both[question:]

        alike = np.zeros(len(job.places), dtype=np.bool_)
        for i, (left, right) in enumerate(job.places.tolist()):
            (q1, a1), (q2, a2) = sets(*left), sets(*right)
            alike[i] = jaccard(a1, a2) >= job.similarity and jaccard(q1, q2) >= job.similarity
        return alike
    finally:
        os.close(file)
