"""Several processes make the same run as one: real ones, started by torchrun, as by srun, and by ourselves."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from tests.support import ROOT, cache_dir

_SAME = (
    *("model=tiny", "lora.dropout=0", "optimizer=adamw", "trainer.precision=fp32", "trainer.epochs=2"),
    *("trainer.tokens_per_pass=256", "data=jsonl", "data.validation_fraction=0.2", "tracking=off"),
)
_SRUN = {"SLURM_STEP_NUM_TASKS": "2", "SLURM_JOB_ID": "4711", "SLURM_STEP_NODELIST": "localhost"}
_CLUSTER = re.compile(r"(SLURM_|TORCHELASTIC_|OMP_NUM_THREADS|(RANK|LOCAL_RANK|WORLD_SIZE|MASTER_ADDR|MASTER_PORT)$)")


def start(command: list[str], **environment: str) -> "subprocess.Popen[str]":
    """In an environment where nothing tells of a cluster but what is given."""
    clean = {key: value for key, value in os.environ.items() if not _CLUSTER.match(key)}
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**clean, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: "subprocess.Popen[str]") -> str:
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return out


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """41 dialogues of unlike length: 33 to train on, so that an epoch's last step has one for two processes."""
    file = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    lines = [
        {"input": f"Question {i}" + " and more" * (i % 7), "output": f"{i} answers" * (1 + i % 3)} for i in range(41)
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, rows: Path) -> Path:
    """The same run by one process, by two with ddp under torchrun, by two with fsdp as srun would start them."""
    folder = tmp_path_factory.mktemp("runs")
    module = ["tests.training.one_of_several", str(folder)]
    same = [*_SAME, f"data.path={rows}"]
    one = start(["-m", *module, "one", *same])
    torchrun = ["-m", "torch.distributed.run", "--nproc-per-node=2", "--master-port=0", "--standalone", "-m"]
    ddp = start([*torchrun, *module, "ddp", *same, "trainer=ddp"])
    srun = [
        start(
            ["-m", *module, "fsdp", *same, "trainer=fsdp"],
            SLURM_PROCID=str(rank),
            SLURM_LOCALID=str(rank),
            SLURM_CPUS_PER_TASK="1",
            OMP_NUM_THREADS="1",
            **_SRUN,
        )
        for rank in (0, 1)
    ]
    assert [finish(process).count("finished") for process in (one, ddp, *srun)] == [1, 1, 1, 0]
    return folder


def seen(runs: Path, name: str, rank: int = 0) -> dict[str, Tensor]:
    return load_file(runs / f"{name}-{rank}.safetensors")


def metrics(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def distance(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor], when: str) -> float:
    """Largest relative L2 distance over the tensors of a moment."""
    names = [name for name in theirs if name.startswith(when)]
    assert names
    return max(float((ours[name] - theirs[name]).norm() / theirs[name].norm()) for name in names)


@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_two_processes_have_the_gradients_and_the_adapter_of_one(runs: Path, strategy: str) -> None:
    one, two = seen(runs, "one"), seen(runs, strategy)
    for step in (0, 1, 2, 3):  # 32 dialogues, and 1: one process has nothing to do
        # While B is zero, A has no gradient.
        part = "lora_B" if step == 0 else "lora_"
        names = {name: value for name, value in one.items() if part in name}
        assert distance(two, names, f"gradient {step}") < 1e-5
    assert distance(two, one, "at end") < 1e-5


@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_two_processes_tell_the_losses_and_counts_of_one(runs: Path, strategy: str) -> None:
    one, two = metrics(runs / "one"), metrics(runs / strategy)
    assert len(one) == len(two) == 4 + 3  # steps, and validations before and after each epoch
    for ours, theirs in zip(two, one, strict=True):
        assert ours.keys() == theirs.keys()
        for key in ours.keys() - {"tokens_per_second", "peak_memory_bytes"}:
            assert ours[key] == pytest.approx(theirs[key], rel=1e-5), key


@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_processes_agree_and_only_dropout_differs(runs: Path, strategy: str) -> None:
    first, second = seen(runs, strategy), seen(runs, strategy, rank=1)
    for name in first:
        if name.startswith(("at start", "at end", "gradient")):
            assert torch.equal(first[name], second[name]), name
    assert (int(first["dropout_seed"]), int(second["dropout_seed"])) == (42, 43)


def test_fsdp_keeps_half_of_each_frozen_layer_in_each_process(runs: Path) -> None:
    assert seen(runs, "ddp")["share_of_sharded"].numel() == 0
    shares = [seen(runs, "fsdp", rank)["share_of_sharded"] for rank in (0, 1)]
    assert shares[0].numel() == 2 * 7
    assert torch.equal(sum(shares, torch.zeros(())), torch.ones(2 * 7))
    assert torch.equal(shares[0], shares[1])


def test_processes_of_one_machine_share_its_cores(runs: Path) -> None:
    assert int(seen(runs, "ddp")["threads"]) == max(1, len(os.sched_getaffinity(0)) // 2)


def test_the_run_directory_is_written_by_the_first_alone(runs: Path) -> None:
    """Each process adds to a checkpoint its random generators, and nothing else."""

    def names(run: str) -> list[str]:
        found = (path.name for path in (runs / run).rglob("*"))
        return sorted(name for name in found if not name.startswith("rng-rank-"))

    for strategy in ("ddp", "fsdp"):
        assert names(strategy) == names("one")
    assert sorted(path.name for path in runs.iterdir() if path.is_dir()) == ["ddp", "fsdp", "one"]


def test_a_run_whose_second_process_is_killed_ends_and_says_so(rows: Path, tmp_path: Path) -> None:
    """Started by ourselves, with 8-bit AdamW and NF4, as the defaults have it."""
    quick = ["model=tiny", "data=jsonl", f"data.path={rows}", "tracking=off", "trainer=ddp", "trainer.devices=2"]
    command = [
        "train.py",
        *quick,
        "trainer.epochs=5000",
        "trainer.compile=false",
        f"run.root={tmp_path}",
        "run.name=cut",
    ]
    run = start(command, MEDGENIUS_CACHE=str(cache_dir()))
    file = tmp_path / "cut/metrics.jsonl"
    deadline = time.monotonic() + 120
    while not (file.is_file() and file.read_text().count("train/loss") >= 2):
        assert run.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    (second,) = [pid for pid in _children(run.pid) if _environment(pid).get("RANK") == "1"]
    os.kill(second, signal.SIGKILL)
    output, errors = run.communicate(timeout=60)

    assert run.returncode == 1
    assert "error: process 1 of 2 was ended by SIGKILL (out of memory?)" in errors.splitlines()
    assert all(line.startswith("error: ") for line in errors.splitlines())
    assert output.splitlines()[-1] == f"run: {tmp_path}/cut"
    summary = json.loads((tmp_path / "cut/summary.json").read_text())
    assert summary["status"] == "failed"
    assert "another process" in summary["error"]


def _children(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def _environment(pid: int) -> dict[str, str]:
    entries = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)
