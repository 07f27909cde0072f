"""How a run was started."""

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from medgenius.config.trainer import TrainerConfig
from medgenius.errors import ConfigError

_LONGEST_NAME = 120
"""Bytes; a file system allows 255 for a folder's name."""


@dataclass(frozen=True)
class Launch:
    """How a run was started: what was overridden, and where its multirun lies, if it is part of one."""

    overrides: tuple[str, ...] = ()
    sweep_dir: Path | None = None
    job_number: int = 0

    @property
    def title(self) -> str:
        """The overrides as a short name, e.g. `lora.r=64,trainer.epochs=5`; `defaults` where there are none.

        Where a run is kept and how it is tracked does not tell runs apart, so those are left out.
        """
        telling = [text for text in self.overrides if not re.match(r"\+*(run|tracking)[.=]", text)]
        name = re.sub(r"[^\w.=,+-]+", "-", ",".join(telling)).encode()[:_LONGEST_NAME]
        return name.decode(errors="ignore") or "defaults"


def program() -> list[str]:
    """What a person types here in front of a training run's overrides; an installed wheel has no train.py."""
    return ["medgenius", "train"] if Path(sys.argv[0]).stem == "medgenius" else ["python", "train.py"]


@dataclass(frozen=True, slots=True)
class Place:
    """Which one of a run's processes this is."""

    rank: int = 0
    """Over all nodes, from 0. The first writes the files and speaks."""
    local_rank: int = 0
    """On this node, from 0."""
    processes: int = 1
    """Of the run, over all nodes"""


def found_place() -> tuple[Place, str] | None:
    """As torchrun or srun, or our own launcher in torchrun's way, put it into the environment, and which of them did.

    None: nobody did. srun is known by the size of its step: in a batch script itself there is none.
    """
    env = os.environ
    if {"RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR"} <= env.keys():
        return Place(int(env["RANK"]), int(env["LOCAL_RANK"]), int(env["WORLD_SIZE"])), "torchrun"
    if int(env.get("SLURM_STEP_NUM_TASKS", "1")) > 1:
        return Place(int(env["SLURM_PROCID"]), int(env["SLURM_LOCALID"]), int(env["SLURM_STEP_NUM_TASKS"])), "srun"
    return None


def place_of(config: TrainerConfig, launch: Launch) -> Place | None:
    """This process's place among those that the config asks for; None where they are still to be started.

    Raises:
        ConfigError: another number of processes was started than the config asks for, or nobody started those of
            several nodes, or each of them would begin a multirun.
    """
    found = found_place()
    if found is None or (found[0].processes == 1 and config.processes > 1):
        if config.nodes > 1:
            raise ConfigError(f"trainer.nodes={config.nodes}: start the processes with torchrun or srun on every node")
        return Place() if config.processes == 1 else None
    place, starter = found
    if place.processes != config.processes:
        raise ConfigError(
            f"{starter} started {place.processes} processes, and trainer.devices={config.devices} on "
            f"trainer.nodes={config.nodes} makes {config.processes}"
            + ("; add trainer=ddp or trainer=fsdp" if config.strategy == "single" else "")
        )
    if launch.sweep_dir is not None and place.processes > 1:
        raise ConfigError(f"-m under {starter}: leave {starter} out, then each run of it starts its own processes")
    return place
