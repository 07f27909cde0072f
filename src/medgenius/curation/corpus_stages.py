"""The stages that need all rows at once: reading them, finding their copies, splitting them."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from medgenius.config.curate import CurateConfig, RawData
from medgenius.config.curation.duplicates import DuplicatesConfig
from medgenius.config.curation.split import SplitConfig
from medgenius.curation import duplicates, read, split
from medgenius.curation.clusters import Corpus, Forest, IndexJob, gather, index_file, join_similar, run_index_job
from medgenius.curation.parts import BYTES, ROWS, Part, StepTally, write_bytes, write_part
from medgenius.curation.pipeline import Stage, Tools
from medgenius.curation.progress import StageProgress
from medgenius.curation.row import Rejection, Row
from medgenius.curation.row_pass import StepSpec, settle
from medgenius.curation.stages import StageFolder
from medgenius.errors import DataError

CLUSTERS: Final = "clusters.json"
"""How many clusters of each size a stage found."""


@dataclass(frozen=True)
class ReadStage:
    files: tuple[read.Source, ...]
    config: RawData

    name = read.STEP
    steps = (read.STEP,)

    @property
    def settings(self) -> object:
        return self.config.model_dump(exclude={"path"})  # what lies there is a part of the inputs, where it lies is not

    def run(self, tools: Tools, source: StageFolder, target: StageFolder) -> None:  # noqa: ARG002  it is the first
        number, size = 0, 0
        results: list[Row | Rejection] = []
        with StageProgress(tools.console, self.name, None) as progress:
            for result in read.read_rows(self.files, self.config):
                row = result.row if isinstance(result, Rejection) else result
                results.append(result)
                size += len(row.input) + len(row.output)
                if len(results) >= ROWS or size >= BYTES:
                    _write_read(target.path, number, results)
                    progress.advance(len(results))
                    number, size, results = number + 1, 0, []
            if results:
                _write_read(target.path, number, results)
                progress.advance(len(results))
            elif not number:
                raise DataError(f"data.path={self.config.path}: no row in it")


def _write_read(folder: Path, number: int, results: list[Row | Rejection]) -> None:
    tally = StepTally(rows_in=len(results))
    rejected: list[Rejection] = []
    # What reading left out is counted as a change.
    before = [result.row if isinstance(result, Rejection) else replace(result, changes=()) for result in results]
    rows = settle(before, results, tally, rejected)
    write_part(folder, number, Part(rows, rejected, {read.STEP: tally}))


def _indexed(name: str, tools: Tools, source: StageFolder, target: StageFolder) -> Corpus:
    """The comparable form of all rows, computed by the workers where it is not there yet."""
    parts = source.manifest.parts
    missing = [number for number in range(parts) if not index_file(target.path, number).is_file()]
    jobs = [IndexJob(source.path, target.path, number) for number in missing]
    tools.over_parts(f"{name}: index", run_index_job, jobs, source.manifest.rows)
    return gather(target.path, parts)


def _clean(target: StageFolder) -> None:
    for path in target.path.glob("index-*"):
        path.unlink()
    target.path.joinpath("runs.u32").unlink(missing_ok=True)


@dataclass(frozen=True)
class DuplicatesStage:
    config: DuplicatesConfig

    name = duplicates.STEP
    steps = (duplicates.STEP,)

    @property
    def settings(self) -> object:
        return self.config.model_dump()

    def run(self, tools: Tools, source: StageFolder, target: StageFolder) -> None:
        corpus = _indexed(self.name, tools, source, target)
        forest = Forest(len(corpus.same))
        forest.join_equal(corpus.same)
        join_similar(forest, corpus, self.config.similarity, tools.workers)
        kept = duplicates.kept_copies(corpus, forest.roots(), self.config.similarity, tools.workers)
        copies = duplicates.copies_by_part(corpus, kept, source.path)
        jobs = [
            duplicates.CopiesJob(source.path, target.path, number, copies[number])
            for number in target.missing(source.manifest.parts)
        ]
        tools.over_parts(self.name, duplicates.run_copies_job, jobs, source.manifest.rows)
        write_bytes(target.path / CLUSTERS, msgspec.json.encode(duplicates.cluster_sizes(kept)))
        _clean(target)


@dataclass(frozen=True)
class SplitStage:
    config: SplitConfig
    seed: int

    name = split.STEP
    steps = (split.STEP,)

    @property
    def settings(self) -> object:
        return [self.config.model_dump(), self.seed]

    def run(self, tools: Tools, source: StageFolder, target: StageFolder) -> None:
        corpus = _indexed(self.name, tools, source, target)
        forest = Forest(len(corpus.same))
        forest.join_equal(corpus.question)
        # The later rows of a conversation hold the earlier answers in their questions.
        forest.join_equal(corpus.conversation)
        join_similar(forest, corpus, self.config.similarity, tools.workers)
        roots = forest.roots()
        sides = split.assign(roots, corpus.content, corpus.category, self.config, self.seed)
        jobs = []
        start = 0
        for number, size in enumerate(corpus.sizes):
            jobs.append(split.SplitJob(source.path, target.path, number, tuple(sides[start : start + size].tolist())))
            start += size
        missing = set(target.missing(source.manifest.parts))
        wanted = [job for job in jobs if job.number in missing]
        tools.over_parts(self.name, split.run_split_job, wanted, source.manifest.rows)
        write_bytes(target.path / CLUSTERS, msgspec.json.encode(duplicates.cluster_sizes(roots)))
        _clean(target)


def corpus_stage(spec: StepSpec, config: CurateConfig) -> Stage:
    if spec.name == duplicates.STEP:
        return DuplicatesStage(config.curation.duplicates)
    assert spec.name == split.STEP
    return SplitStage(config.curation.split, config.seed)
