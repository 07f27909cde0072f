"""From stage to stage: each reads the parts of the one before it, writes its own, and is skipped where it is done."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Protocol, TypeVar

from rich.console import Console

from medgenius.curation.order import CORPUS_STEPS
from medgenius.curation.parts import digest, part_file, read_tallies
from medgenius.curation.progress import StageProgress
from medgenius.curation.row_pass import RowJob, StepSpec, run_row_job
from medgenius.curation.stages import StageFolder
from medgenius.curation.workers import Workers

J = TypeVar("J", bound="PartJob")


class PartJob(Protocol):
    """What a worker does with one part."""

    @property
    def number(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What every stage works with."""

    workers: Workers
    console: Console

    def over_parts(self, name: str, function: Callable[[J], int], jobs: Sequence[J], rows: int, done: int = 0) -> None:
        """Call a function that gives a number of rows on every job, under a progress bar of `rows`."""
        with StageProgress(self.console, name, rows, done) as progress:
            for _, count in self.workers.map(function, jobs):
                progress.advance(count)


class Stage(Protocol):
    """One step over all rows, or several that stand next to each other and need only one row at a time."""

    @property
    def name(self) -> str: ...

    @property
    def steps(self) -> tuple[str, ...]: ...

    @property
    def settings(self) -> object:
        """All values that its result depends on, as what JSON can hold."""
        ...

    def run(self, tools: Tools, source: StageFolder, target: StageFolder) -> None:
        """Make every part of `target` that is missing. Stopped at any point and called again, it ends the same."""
        ...


@dataclass(frozen=True)
class RowStage:
    specs: tuple[StepSpec, ...]

    @property
    def name(self) -> str:
        return " + ".join(self.steps)

    @property
    def steps(self) -> tuple[str, ...]:
        return tuple(spec.name for spec in self.specs)

    @property
    def settings(self) -> object:
        return [(spec.name, spec.path, spec.config.model_dump()) for spec in self.specs]

    def run(self, tools: Tools, source: StageFolder, target: StageFolder) -> None:
        missing = target.missing(source.manifest.parts)
        jobs = [RowJob(source.path, target.path, number, self.specs) for number in missing]
        done = rows_in(target, self.steps[0]) if len(jobs) < source.manifest.parts else 0
        tools.over_parts(self.name, run_row_job, jobs, source.manifest.rows, done)


def rows_in(folder: StageFolder, step: str) -> int:
    """Rows that a step was given in the parts that are there."""
    numbers = (int(path.stem.rpartition("-")[2]) for path in folder.path.glob("part-*.json"))
    return sum(read_tallies(folder.path, number)[step].rows_in for number in numbers)


def in_stages(specs: Sequence[StepSpec], corpus_stage: Callable[[StepSpec], Stage]) -> list[Stage]:
    """Row-level steps that stand next to each other share a stage; a step over the whole corpus is one of its own."""
    stages: list[Stage] = []
    for is_corpus, group in groupby(specs, key=lambda spec: spec.name in CORPUS_STEPS):
        if is_corpus:
            stages += [corpus_stage(spec) for spec in group]
        else:
            stages.append(RowStage(tuple(group)))
    return stages


@dataclass(frozen=True, slots=True)
class Finished:
    """A stage that is done, and where its parts lie."""

    stage: Stage
    folder: StageFolder


def run_stages(stages: Sequence[Stage], work: Path, inputs: str, tools: Tools) -> list[Finished]:
    """Go through the stages; those that are done for these inputs, settings and code are only looked up."""
    finished: list[Finished] = []
    fingerprint = inputs
    for number, stage in enumerate(stages):
        fingerprint = digest(fingerprint, stage.steps, stage.settings)
        folder = StageFolder(work / f"{number:02d}-{stage.steps[0]}", fingerprint)
        if not folder.manifest.done:
            started = time.perf_counter()
            stage.run(tools, finished[-1].folder if finished else folder, folder)
            _finish(folder, stage, time.perf_counter() - started, tools)
        finished.append(Finished(stage, folder))
    return finished


def _finish(folder: StageFolder, stage: Stage, seconds: float, tools: Tools) -> None:
    parts = len(list(folder.path.glob("part-*.json")))
    assert all(part_file(folder.path, number).is_file() for number in range(parts))
    kept = 0
    for number in range(parts):
        tallies = read_tallies(folder.path, number)
        kept += tallies[stage.steps[-1]].rows_in - tallies[stage.steps[-1]].rows_rejected
    folder.finish(parts, kept, seconds, tools.workers.peak_memory_bytes)
