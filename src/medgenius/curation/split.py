"""Training, validation and test rows: by cluster, so that no near-duplicate crosses, and alike in their categories."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from medgenius.config.curation.split import SplitConfig
from medgenius.curation.clusters import I64
from medgenius.curation.parts import Part, StepTally, read_part, write_part
from medgenius.curation.similarity import U64, hashed

STEP: Final = "split"
NAMES: Final = ("train", "validation", "test")
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
"""Odd, so that a product of 64 bits orders numbers anew and keeps them apart."""


def assign(roots: I64, content: U64, categories: NDArray[np.integer], config: SplitConfig, seed: int) -> I64:
    """(n,) for each row its place in NAMES.

    A cluster counts to the category of its row with the lowest `content`. Within a category, clusters go one after the
    other, large before small, to the side that lacks most rows; those of a size come in the order of a hash of the seed
    and that row's text, so that it does not matter where a row stands.
    """
    if not len(roots):
        return np.empty(0, dtype=np.int64)
    order = np.lexsort((content, roots))
    starts = np.flatnonzero(np.concatenate([[True], np.diff(roots[order]) != 0]))
    sizes = np.diff(np.concatenate([starts, [len(roots)]]))
    heads = order[starts]
    category = categories[heads].astype(np.int64)
    drawn = (content[heads] ^ np.uint64(hashed(str(seed)))) * _FACTOR
    sequence = np.lexsort((drawn, -sizes, category))
    side_of = np.empty(len(heads), dtype=np.int64)
    for value in np.unique(category):
        clusters = sequence[category[sequence] == value]
        total = sizes[clusters].sum()
        validation, test = config.validation_fraction * total, config.test_fraction * total
        lacks = [total - validation - test, validation, test]
        for cluster in clusters.tolist():
            side = lacks.index(max(lacks))
            lacks[side] -= sizes[cluster]
            side_of[cluster] = side
    sides = np.empty(len(roots), dtype=np.int64)
    sides[order] = np.repeat(side_of, sizes)
    return sides


@dataclass(frozen=True, slots=True)
class SplitJob:
    source: Path
    target: Path
    number: int
    sides: tuple[int, ...]


def run_split_job(job: SplitJob) -> int:
    """Write a part with the split of each row; gives how many rows it has."""
    rows = read_part(job.source, job.number).rows
    tally = StepTally(rows_in=len(rows))
    write_part(job.target, job.number, Part(rows, [], {STEP: tally}, [NAMES[side] for side in job.sides]))
    return len(rows)
