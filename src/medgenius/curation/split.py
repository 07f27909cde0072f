"""Training, validation and test rows: by cluster, so that no near-duplicate crosses, and alike in their categories."""

from collections import defaultdict
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


def assign(roots: I64, content: U64, categories: NDArray[np.integer], config: SplitConfig, seed: int) -> I64:
    """(n,) for each row its place in NAMES.

    A cluster counts to the category that most of its rows have. Within a category, clusters go one after the other,
    large before small, to the side that lacks most rows; clusters of a size come in the order of a hash of the seed and
    their texts, so that it does not matter where a row stands.
    """
    fractions = np.array(
        [1 - config.validation_fraction - config.test_fraction, config.validation_fraction, config.test_fraction]
    )
    members: dict[int, list[int]] = defaultdict(list)
    for row, root in enumerate(roots.tolist()):
        members[root].append(row)
    strata: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for root, rows in members.items():
        values, counts = np.unique(categories[rows], return_counts=True)
        order = hashed(f"{seed}\n{content[rows].min()}")
        strata[int(values[counts.argmax()])].append((-len(rows), order, root))
    sides = np.zeros(len(roots), dtype=np.int64)
    for clusters in strata.values():
        wanted = fractions * sum(-size for size, _, _ in clusters)
        for size, _, root in sorted(clusters):
            side = int(wanted.argmax())
            wanted[side] += size
            sides[members[root]] = side
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
