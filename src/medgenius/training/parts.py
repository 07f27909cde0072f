"""What a run is made of, and how far it came."""

import time
from dataclasses import dataclass

from pytorch_lightning.loggers import Logger
from rich.console import Console

from medgenius.config.train import TrainConfig
from medgenius.model.machine import Machine
from medgenius.runs import Run
from medgenius.training.beginning import Start
from medgenius.training.callbacks.pruning import Watcher
from medgenius.training.callbacks.throughput import Throughput
from medgenius.training.distributed import Group
from medgenius.training.engine import Engine
from medgenius.training.loggers import JsonlLogger
from medgenius.training.module import FineTuning
from medgenius.training.rows import TrainingData
from medgenius.training.samples import Sampler
from medgenius.training.snapshot import Snapshot
from medgenius.training.summary import Status


@dataclass(frozen=True, slots=True)
class Parts:
    """What a run is made of, once everything is loaded and checked."""

    config: TrainConfig
    run: Run
    console: Console
    machine: Machine
    group: Group
    data: TrainingData
    sampler: Sampler
    engine: Engine
    module: FineTuning
    throughput: Throughput
    metrics: JsonlLogger | None
    """None in a process that writes nothing."""
    loggers: list[Logger]
    start: Start
    resumed: Snapshot | None
    """Where a process before this one came to."""
    watcher: Watcher | None
    """The study that this run is a trial of"""
    started: float
    """When the run would have begun if this process had done all of it, on the clock of `time.perf_counter`."""

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.started


@dataclass(slots=True)
class Outcome:
    """How far a run came; filled in as it goes, so that a failed one can still be told."""

    status: Status = "failed"
    error: str | None = None
    loss_after: float | None = None
    adapter_step: int | None = None
