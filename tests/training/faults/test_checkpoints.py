"""Damaged checkpoints are passed over, others than this run's refused; a disk that takes nothing more is one line."""

import json
import resource
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from medgenius.errors import RunError
from medgenius.runs import Run, read_config
from medgenius.training.checkpoints import newest_checkpoint
from tests.processes import LINE, start, write_dialogues
from tests.training.faults.test_kill import assert_equal


@pytest.fixture
def run(untouched: tuple[Path, float], tmp_path: Path) -> Run:
    """A copy of the untouched run."""
    return Run(Path(shutil.copytree(untouched[0], tmp_path / "run")), "run")


def newest(run: Run) -> tuple[int | None, list[str]]:
    """The step it would go on from, and the warnings."""
    warnings: list[str] = []
    snapshot = newest_checkpoint(run.checkpoints, read_config(run), warnings.append)
    return snapshot.position.step if snapshot else None, warnings


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def flip(file: Path) -> None:
    """One bit, in the middle."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 4
    file.write_bytes(content)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def test_the_newest_and_the_best_checkpoint_are_kept(run: Run) -> None:
    steps = sorted(int(path.name.removeprefix("step-")) for path in run.checkpoints.iterdir())
    losses = [json.loads(line) for line in run.metrics.read_text().splitlines()]
    validated = {entry["step"] + 1: entry["validation/loss"] for entry in losses[1:] if "validation/loss" in entry}
    best = min((loss, step) for step, loss in validated.items() if step % 5 == 0)[1]
    assert steps == sorted({best, 27, 28})
    assert newest(run) == (28, [])


@pytest.mark.parametrize("damage", [truncate, flip, empty, Path.unlink])
@pytest.mark.parametrize(
    "name", ["adapter.safetensors", "optimizer.safetensors", "state.json", "rng-rank-0.safetensors", "manifest.json"]
)
def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(
    run: Run, name: str, damage: Callable[[Path], None]
) -> None:
    damage(run.checkpoints / "step-000028" / name)

    step, (warning,) = newest(run)

    assert step == 27
    assert warning.startswith(f"checkpoint {run.checkpoints}/step-000028 is damaged (")
    assert name in warning
    assert (run.checkpoints / "damaged-step-000028").is_dir()
    assert newest(run) == (27, [])


def test_where_all_are_damaged_the_run_begins_anew(run: Run) -> None:
    for path in run.checkpoints.iterdir():
        flip(path / "adapter.safetensors")

    step, warnings = newest(run)

    assert step is None
    assert len(warnings) == 3


def reseal(run: Run, change: dict[str, object]) -> None:
    """The newest manifest with other values, under a right checksum."""
    from medgenius.training.checkpoints import _checksum  # noqa: PLC0415

    path = run.checkpoints / "step-000028/manifest.json"
    manifest = json.loads(path.read_text())
    manifest.pop("checksum")
    manifest |= change
    path.write_text(json.dumps({"checksum": _checksum(manifest), **manifest}))


def test_a_checkpoint_of_another_format_is_refused(run: Run) -> None:
    reseal(run, {"format": 99})

    with pytest.raises(RunError, match=r"step-000028 has format 99, this version of MedGenius reads format 1: go on"):
        newest(run)


def test_a_checkpoint_of_another_config_is_refused_with_what_differs(run: Run) -> None:
    config = json.loads((run.checkpoints / "step-000028/manifest.json").read_text())["config"]
    reseal(run, {"config": config | {"lora.r": 2, "seed": 1, "run.root": "/moved", "trainer.tokens_per_pass": 99}})

    with pytest.raises(RunError) as refused:
        newest(run)

    ends = [line.partition("is of another config: ")[2] for line in str(refused.value).splitlines()]
    assert ends == ["lora.r=4: the run has 2", "seed=42: the run has 1"]


def test_other_versions_of_the_libraries_are_said(run: Run) -> None:
    versions = json.loads((run.checkpoints / "step-000028/manifest.json").read_text())["versions"]
    reseal(run, {"versions": versions | {"torch": "2.0.0"}})

    step, (warning,) = newest(run)

    assert step == 28
    assert "was written with torch 2.0.0" in warning


def test_a_run_goes_on_from_before_a_damaged_checkpoint_and_ends_with_the_same_bytes(
    run: Run, untouched: tuple[Path, float]
) -> None:
    run.summary.unlink()
    flip(run.checkpoints / "step-000028/optimizer.safetensors")

    process = start(run.path.parent, f"run.resume={run.path}", data=False)

    assert process.status() == 0, process.text
    assert "warning: checkpoint" in process.text
    assert "resume after step 27 of 28" in process.text
    shutil.rmtree(run.checkpoints / "damaged-step-000028")
    assert_equal(run.path, untouched[0])


def test_data_that_has_changed_is_refused(run: Run) -> None:
    run.summary.unlink()
    other = run.path.parent / "dialogues.jsonl"
    write_dialogues(other)
    other.write_text(other.read_text().replace("It is 80", "It is 81", 1))

    process = start(run.path.parent, "data=jsonl", "data.max_length=256", f"run.resume={run.path}")

    assert process.status() == 1
    assert f"error: data.path={other}: its dialogues are others than when {run.path} began" in process.text
    assert "Traceback" not in process.text


def fill_the_disk(size: int) -> None:
    """Files of this process may have that many bytes, as on a disk that is full; Python ignores SIGXFSZ."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_full_disk_is_one_line_and_the_run_goes_on_when_there_is_room(
    untouched: tuple[Path, float], tmp_path: Path
) -> None:
    limit = partial(fill_the_disk, 12_000)  # config and logs fit, the generators of a checkpoint do not
    process = start(tmp_path, *LINE, "run.name=run", "run.resume=auto", prepare=limit)

    assert process.status() == 1
    (line,) = [text for text in process.text.splitlines() if text.startswith("error:")]
    assert "step-000003 cannot be written: File too large" in line
    assert "Traceback" not in process.text
    assert not list((tmp_path / "run/checkpoints").iterdir())
    assert json.loads((tmp_path / "run/summary.json").read_text())["status"] == "failed"
    process = start(tmp_path, *LINE, "run.name=run", "run.resume=auto")
    assert process.status() == 0, process.text
    assert_equal(tmp_path / "run", untouched[0])


def test_checkpoints_come_by_the_clock_where_a_time_is_given(untouched: tuple[Path, float], tmp_path: Path) -> None:
    by_the_clock = ("trainer.epochs=1", "trainer.validate_every=1000", "trainer.checkpoint_every=0.001s")
    process = start(tmp_path, *LINE, *by_the_clock, "trainer.keep_checkpoints=100", "run.name=run")

    assert process.status() == 0, process.text
    assert sorted(path.name for path in (tmp_path / "run/checkpoints").iterdir())[0] == "step-000001"
    assert len(list((tmp_path / "run/checkpoints").iterdir())) == 7
