"""Studies from the command line: real processes, killed and several at once."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from tests.support import ROOT
from tests.sweeps.small import TINY
from tests.wandb_files import read_offline_file

_SMALL = ("lora.r=choice(2,4)", "trainer.epochs=1", "hydra.sweeper.pruner=none", "hydra.sweeper.startup_trials=2")
_POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def line(root: Path, *arguments: str) -> list[str]:
    words = ["train.py", "-m", "hydra/sweeper=optuna", *TINY, f"run.root={root}", *arguments]
    return [sys.executable, *words]


def started(root: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(line(root, *arguments), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def output_of(process: "subprocess.Popen[str]") -> str:
    told, errors = process.communicate(timeout=500)
    assert process.returncode == 0, errors
    return told


def loaded(root: Path, name: str = "default") -> optuna.Study:
    return optuna.load_study(study_name=name, storage=f"sqlite:///{root}/studies/{name}/study.db")


def test_a_killed_study_goes_on_where_it_was_and_ends_with_as_many_trials_as_asked(tmp_path: Path) -> None:
    asked = (*_SMALL, "trainer.epochs=2", "hydra.sweeper.n_trials=2", "optimizer.learning_rate=choice(1e-3,1e-4)")
    first = started(tmp_path, *asked)
    assert first.stdout is not None
    for told in first.stdout:
        if told.startswith("trial 1 · validation 1"):
            break
    first.send_signal(signal.SIGKILL)
    first.wait()
    before = loaded(tmp_path).trials
    assert [trial.state for trial in before] == [TrialState.COMPLETE, TrialState.RUNNING]

    told = output_of(started(tmp_path, *asked))

    trials = loaded(tmp_path).trials
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 2
    assert trials[0] == before[0]
    assert trials[1].params == before[1].params
    assert trials[1].user_attrs["run_directory"] == before[1].user_attrs["run_directory"]
    assert not any(printed.startswith("trial 0 ") for printed in told.splitlines())
    assert "2 complete of 2 trials" in told
    assert "again  python train.py model=tiny" in told


def test_the_lines_at_the_end_can_be_typed_as_they_stand(tmp_path: Path) -> None:
    """The program and its flags come back; odd names are quoted for Hydra and for the shell. What is typed wins over a
    dotted key of a file."""
    experiment = tmp_path / "conf" / "experiment" / "dotted.yaml"
    experiment.parent.mkdir(parents=True)
    experiment.write_text(
        "# @package _global_\ndefaults:\n  - override /hydra/sweeper: optuna\n"
        "hydra:\n  sweeper:\n    pruner: none\n    space: {lora.r: 'choice(2,4)', optimizer: null, trainer: null}\n"
    )
    program, root = str(Path(sys.executable).with_name("medgenius")), tmp_path / "o'brien"
    fixed = (*TINY, f"run.root={root}", "experiment=dotted", "trainer.max_steps=1")
    study = ("hydra.sweeper.n_trials=1", "hydra.sweeper.study_name='a,b c'", "hydra.sweeper.space.lora.r=[8]")
    quoted = [f"run.root='{tmp_path}/o\\'brien'" if word.startswith("run.root") else word for word in fixed]
    words = [program, "train", "-m", "--config-dir", str(tmp_path / "conf"), *quoted, *study]
    seeds = "hydra.sweeper.seed_trials=[]"
    done = subprocess.run([*words, seeds], cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr

    lines = {line.partition(" ")[0]: shlex.split(line)[1:] for line in done.stdout.splitlines() if "medgenius" in line}
    assert lines["again"][:4] == ["medgenius", "train", "--config-dir", str(tmp_path / "conf")]
    assert lines["again"][-1] == "lora.r=8"
    again = [program, *lines["again"][1:], "--cfg", "job"]
    assert "r: 8" in subprocess.run(again, cwd=ROOT, capture_output=True, text=True, timeout=100, check=True).stdout
    report = [program, *lines["report"][1:]]
    subprocess.run(report, cwd=ROOT, capture_output=True, text=True, timeout=200, check=True)
    assert (root / "studies" / "a,b c" / "report.md").is_file()


@pytest.mark.slow
def test_the_line_for_the_best_trial_trains_the_same_bytes_alone(tmp_path: Path) -> None:
    """Also where an experiment's file brings the study; only `-m` makes it one."""
    rows = ROOT / "src/medgenius/data/sample/dialogues.jsonl"
    study = (
        "trainer.epochs=range(1,3)",
        "hydra.sweeper.n_trials=2",
        "hydra.sweeper.seed_trials=[{lora.r: 4, trainer.epochs: 1}]",
    )
    words = ["train.py", "-m", *TINY, f"run.root={tmp_path}", "experiment=rank_lr_epochs", f"data.path={rows}", *study]
    told = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=500, check=True)
    (again,) = (line for line in told.stdout.splitlines() if line.startswith("again  python train.py "))
    words = [*shlex.split(again)[2:], "run.name=alone", "tracking.log_samples=false"]
    subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=500, check=True)

    trial = loaded(tmp_path, "rank_lr_epochs").best_trial
    adapters = [Path(trial.user_attrs["run_directory"]) / "adapter", tmp_path / "alone" / "adapter"]
    first, second = ((folder / "adapter_model.safetensors").read_bytes() for folder in adapters)
    assert first == second


@pytest.mark.slow
def test_two_processes_that_start_the_same_study_at_once_share_it(tmp_path: Path) -> None:
    asked = (*_SMALL, "hydra.sweeper.n_trials=5")
    together = [started(tmp_path, *asked) for _ in range(2)]
    told = [output_of(process) for process in together]

    trials = loaded(tmp_path).trials
    assert [trial.number for trial in trials] == list(range(5))
    assert all(trial.state == TrialState.COMPLETE for trial in trials)
    assert all("complete ·" in output for output in told)
    assert len({str(trial.params) for trial in trials}) == 5  # nobody drew what another had drawn


@pytest.mark.slow
def test_workers_of_hydras_joblib_launcher(tmp_path: Path) -> None:
    pytest.importorskip("joblib", reason="hydra-joblib-launcher is not installed")
    asked = (*_SMALL, "hydra.sweeper.n_trials=4", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    output_of(started(tmp_path, *asked))

    trials = loaded(tmp_path).trials
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 4
    owners = {trial.system_attrs["medgenius:owner"] for trial in trials}
    assert len(owners) == 2


@pytest.mark.slow
def test_wandb_has_a_run_for_each_trial_and_one_for_the_study(tmp_path: Path) -> None:
    asked = (*_SMALL, "trainer.epochs=3", "tracking=offline", "hydra.sweeper.n_trials=3", "hydra.sweeper.sampler=grid")
    pruned = ("hydra.sweeper.pruner=median", "hydra.sweeper.prune_after_trials=1", "lora.r=2")
    rates = ("optimizer.learning_rate=choice(1e-2,1e-6,1e-7)", "hydra.sweeper.seed_trials=[]")
    told = output_of(started(tmp_path, *asked, *pruned, *rates))

    assert told.count("W&B: offline") == 1
    for trial in loaded(tmp_path).trials:
        (file,) = Path(trial.user_attrs["run_directory"]).glob("wandb/offline-run-*/*.wandb")
        run = _read_by_wandb(file)
        is_pruned = trial.state == TrialState.PRUNED
        assert (run["exit_code"], run["config"]["study"]) == (0, "default")
        assert run["config"]["trial.number"] == trial.number
        assert run["config"]["trial.params.optimizer.learning_rate"] == trial.params["optimizer.learning_rate"]
        assert run["tags"] == (["pruned"] if is_pruned else [])
        assert run["summary"]["status"] == ("pruned" if is_pruned else "finished")
        raw = read_offline_file(file)  # the reader above leaves these out
        assert (raw.group, raw.job_type) == ("default", "trial")
    (file,) = (tmp_path / "studies" / "default").glob("wandb/offline-run-*/*.wandb")
    study = read_offline_file(file)
    assert (study.group, study.job_type, study.name) == ("default", "study", "study default")
    summary = _read_by_wandb(file)["summary"]
    assert summary["best.trial"] == loaded(tmp_path).best_trial.number
    (table,) = file.parent.glob("files/media/table/trials_*.table.json")
    assert table.name == Path(summary["trials"]["path"]).name
    written = json.loads(table.read_text())
    assert written["columns"][:4] == ["trial", "state", "validation/loss", "optimizer.learning_rate"]
    assert sorted(row[0] for row in written["data"]) == [0, 1, 2]


def _read_by_wandb(file: Path) -> dict[str, Any]:
    """What W&B's own reader tells of an offline run."""
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--summary", "--json", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[str]:
    """A server of the test's own on loopback; gives the address of an empty database."""
    if not _POSTGRES:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    if os.geteuid() == 0 and not shutil.which("runuser"):
        pytest.skip("PostgreSQL does not run as root, and there is no runuser")
    programs, data = _POSTGRES[-1], Path("/tmp") / f"medgenius-postgres-{os.getpid()}"
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    port = str(20000 + os.getpid() % 20000)

    def call(*words: str) -> None:
        done = subprocess.run([*prefix, *words], cwd="/", capture_output=True, text=True, timeout=200, check=False)
        assert done.returncode == 0, done.stderr

    call(str(programs / "initdb"), "--pgdata", str(data), "--auth=trust", "--username=me", "--no-sync")
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={data} -c fsync=off"
    log = str(data / "log")
    call(str(programs / "pg_ctl"), "--pgdata", str(data), "--log", log, "--options", options, "--wait", "start")
    try:
        yield f"postgresql+psycopg://me@127.0.0.1:{port}/postgres"
    finally:
        call(str(programs / "pg_ctl"), "--pgdata", str(data), "--mode=immediate", "stop")
        subprocess.run([*prefix, "rm", "-rf", str(data)], check=False)


@pytest.mark.slow
def test_two_workers_on_postgresql(tmp_path: Path, postgresql: str) -> None:
    asked = (*_SMALL, "hydra.sweeper.n_trials=4", f"hydra.sweeper.storage={postgresql}")
    for process in [started(tmp_path, *asked) for _ in range(2)]:
        output_of(process)

    study = optuna.load_study(study_name="default", storage=postgresql)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 4
    assert len({trial.user_attrs["run_directory"] for trial in study.trials}) == 4


@pytest.mark.slow
def test_a_journal_file_holds_a_study_too(tmp_path: Path) -> None:
    journal = tmp_path / "study.log"
    output_of(started(tmp_path, *_SMALL, "hydra.sweeper.n_trials=1", f"hydra.sweeper.storage=journal:///{journal}"))

    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(journal)))
    assert optuna.load_study(study_name="default", storage=storage).best_trial.number == 0


def _resident_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


@pytest.mark.slow
def test_memory_does_not_grow_over_fifty_trials(tmp_path: Path) -> None:
    process = started(tmp_path, *_SMALL, "trainer.max_steps=1", "hydra.sweeper.n_trials=50")
    assert process.stdout is not None
    resident = [
        _resident_bytes(process.pid) for told in process.stdout if told.startswith("trial ") and "complete" in told
    ]
    process.wait()

    assert len(resident) == 50
    assert resident[-1] - resident[9] < 30e6
