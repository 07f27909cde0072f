"""The systems beside each other, and one run of one of them in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from peers.job import Job
from peers.meter import Figures
from throughput.workload import Workload, part

_FOLDER = Path(__file__).parents[1]
_SOURCE = _FOLDER.parent / "src"
_NO_MEMORY = ("can't allocate memory", "MemoryError", "bad_alloc", "out of memory", "Cannot allocate memory")


@dataclass(frozen=True)
class System:
    name: str
    module: str
    """In peers/"""
    batches: tuple[int, ...]
    """`Job.batch` to choose from: the first round tries each, the others take the fastest."""
    dialogues: int | None = None
    """Of each step's dialogues so many; None: all. A slow system is measured on fewer of the same distribution."""
    grouped: bool = False
    """Whether its batches hold dialogues of nearly one length"""
    peer: bool = True
    """In the peers' environment, or in that of MedGenius"""
    cuda_only: bool = False


CEILING = System("matmul ceiling", "matmul_ceiling", (512, 1024, 2048, 4096), peer=False)
OURS = System("MedGenius", "medgenius_trainer", (0,), peer=False)
SYSTEMS = (
    CEILING,
    OURS,
    System("TRL SFTTrainer", "trl_sft", (4, 8), dialogues=8, grouped=True),
    System("PEFT + bitsandbytes, own loop", "plain_peft", (4,), dialogues=8),
    System("LitGPT LoRA", "litgpt_lora", (4,), dialogues=8),
    System("Trainer + PEFT, common recipe", "common_recipe", (4, 1), dialogues=1),
    System("Unsloth + SFTTrainer", "unsloth_sft", (4, 8), dialogues=8, grouped=True, cuda_only=True),
)


@dataclass(frozen=True)
class Machine:
    """Where and how all of them run."""

    device: str
    threads: int
    memory_limit: int
    """Bytes a process may take on a CPU"""
    pythons: dict[str, str]
    """Interpreter of each peer, by module"""


@dataclass(frozen=True)
class Failure:
    """Why a run gave no figures, in a few words."""

    why: str


def run(system: System, batch: int, work: Workload, machine: Machine, warmup: int) -> Figures | Failure:
    """One run of a system with one setting."""
    dialogues = max(batch, system.dialogues or 0)
    job = Job(
        model=str(work.model),
        overrides=[*work.overrides, f"trainer.accelerator={machine.device}"],
        recipe=work.recipe,
        device=machine.device,
        threads=machine.threads,
        memory_limit=machine.memory_limit,
        batch=batch,
        warmup=warmup,
        steps=[
            part(rows, dialogues, batch if system.grouped else 1) if system.dialogues else rows for rows in work.steps
        ],
    )
    python = machine.pythons[system.module] if system.peer else sys.executable
    path = [_FOLDER] if system.peer else [_FOLDER, _SOURCE]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "OMP_NUM_THREADS": str(machine.threads),
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",
        "PYTHONWARNINGS": "ignore",
    }
    with tempfile.TemporaryDirectory() as folder:
        job.write(Path(folder, "job.json"))
        command = [python, "-m", f"peers.{system.module}", f"{folder}/job.json"]
        ended = subprocess.run(  # noqa: S603  an interpreter that the caller named
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    if ended.returncode == 0:
        return Figures(**json.loads(ended.stdout.splitlines()[-1]))
    return Failure(_cause(ended, machine))


def _cause(ended: subprocess.CompletedProcess[str], machine: Machine) -> str:
    if ended.returncode == -9 or any(words in ended.stderr for words in _NO_MEMORY):
        return "does not fit" if machine.device == "cuda" else f"does not fit in {machine.memory_limit / 1e9:.0f} GB"
    last = ended.stderr.strip().splitlines()[-1:] or [f"status {ended.returncode}"]
    return "not installed" if last[0].startswith("ModuleNotFoundError") else last[0][:150]
