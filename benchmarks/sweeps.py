"""What a study costs beside its training, and what pruning saves.

    python benchmarks/sweeps.py overhead [--trials 4] [overrides of train …]
    python benchmarks/sweeps.py pruning [--trials 60] [--seeds 1] [--pruners median …] [--root DIR] [overrides …]

`overhead` trains short trials of the embedded model and tells the seconds from the end of one trial's last optimizer
step to the start of the next one's first: the last validation, the adapter, the report, W&B's files, the study, and the
next trial's model.

`pruning` runs each study without and with a pruner. sampler=random draws a trial from the seed and its number alone, so
all try the same points, and only the pruner makes a difference. Told is when the best value was known, and how long all
trials took. One trial goes before, which pays for what the first in a process loads. Trials so drawn could have come in
any order: the curves of the study without a pruner are then shown to each pruner in many orders, without training.
Studies that --root holds already are not run again.
"""

import argparse
import logging
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import optuna
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from optuna.study import Study
from optuna.trial import Trial, TrialState
from pytorch_lightning import Callback, LightningModule, Trainer

from medgenius.config.app import config_dir
from medgenius.config.arguments import in_sweep_words
from medgenius.config.sweeper import Pruner, SweeperConfig
from medgenius.config.train import TrainConfig
from medgenius.sweeps.choosing import pruner_of
from medgenius.sweeps.planning import config_with, make_plan
from medgenius.sweeps.worker import Worker, start_worker
from medgenius.training import train as train_module

_PRUNERS: tuple[Pruner, ...] = ("median", "halving", "hyperband")
_ORDERS = 300
_ALLOWED = 2.0
"""Seconds between two trials."""
_TINY = (
    *("model=tiny", "tracking=off", "trainer.compile=false", "model.cache_dequantized=true", "data.max_length=512"),
    *("data.max_rows=8", "trainer.batch_size=2", "trainer.epochs=8", "hydra.sweeper.sampler=random"),
    *("lora.r=choice(4,8,16,32,64)", "optimizer.learning_rate=log(interval(1e-4,1e-1))"),
)
_SHORT = (
    *("data.max_rows=24", "trainer.batch_size=8", "trainer.max_steps=1", "trainer.epochs=1"),
    *("lora.r=choice(4,8,16,32,64)", "hydra.sweeper.pruner=none"),
)


@dataclass
class Clock:
    """Seconds at which things happened in the trial that runs."""

    steps: list[tuple[float, float]] = field(default_factory=list)
    """Start and end of each optimizer step"""
    validations: list[tuple[float, float]] = field(default_factory=list)


class Watch(Callback):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = 0.0
        self._validating = 0.0

    def on_train_batch_start(self, *_: object) -> None:
        self._began = time.perf_counter()

    def on_train_batch_end(self, *_: object) -> None:
        self._clock.steps.append((self._began, time.perf_counter()))

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self._validating = time.perf_counter()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self._clock.validations.append((self._validating, time.perf_counter()))


@contextmanager
def worker_of(*arguments: str) -> Iterator[Worker]:
    """A worker of the study that this command line asks for."""

    def load(overrides: Sequence[str]) -> DictConfig:
        return compose("train", overrides=["hydra/sweeper=optuna", *overrides], return_hydra_config=True)

    words = [in_sweep_words(argument) for argument in arguments]
    hydras = [word for word in words if word.lstrip("+~").startswith("hydra")]
    others = [word for word in words if word not in hydras]
    with initialize_config_dir(version_base="1.3", config_dir=str(config_dir())):
        composed = compose("train", overrides=["hydra/sweeper=optuna", *hydras], return_hydra_config=True)
        plan = make_plan(composed, others, load, ("python", "train.py"))

        def checked(overrides: Sequence[str]) -> TrainConfig:
            return config_with(load, overrides)

        yield start_worker(plan, checked)


def overhead(trials: int, overrides: Sequence[str]) -> None:
    clocks: list[Clock] = []
    build = train_module.build_trainer

    def with_clock(*arguments: object) -> Trainer:
        clocks.append(Clock())
        built = build(*arguments)  # type: ignore[arg-type]
        built.callbacks.append(Watch(clocks[-1]))
        return built

    train_module.build_trainer = with_clock  # type: ignore[assignment]
    print("| tracking | between two trials, s | of it the last validation, s | the rest, s |\n|---|---|---|---|")
    for tracking in ("off", "offline"):
        clocks.clear()
        with tempfile.TemporaryDirectory() as root:
            line = (*_SHORT, f"run.root={root}", f"tracking={tracking}", f"hydra.sweeper.n_trials={trials}", *overrides)
            with worker_of(*line) as worker, quiet():
                worker.work()
        gaps, validating = [], []
        for one, other in pairwise(clocks):
            last_step = one.steps[-1][1]
            gaps.append(other.steps[0][0] - last_step)
            validating.append(sum(end - start for start, end in one.validations if start >= last_step))
        rest = [gap - part for gap, part in zip(gaps, validating, strict=True)]
        print(f"| {tracking} | {told(gaps)} | {told(validating)} | {told(rest)} (allowed: {_ALLOWED:g}) |", flush=True)


@dataclass(frozen=True)
class Searched:
    """What a study came to."""

    config: SweeperConfig
    study: Study
    reached: float
    """Seconds from its start until its best value was known"""
    took: float
    """Seconds for all its trials"""
    steps: int
    """Optimizer steps of all its trials"""

    def row(self, seed: int, pruner: str, base: "Searched") -> str:
        best, trials = self.study.best_trial, self.study.trials
        pruned = sum(trial.state == TrialState.PRUNED for trial in trials)
        cells = (
            *(f"{seed}", pruner, f"{best.value:.4f}", f"{best.number}"),
            f"{self.reached:.1f} ({self.reached / base.reached:.0%})",
            f"{self.took:.1f} ({self.took / base.took:.0%})",
            f"{self.steps:,} ({self.steps / base.steps:.0%})",
            f"{pruned} of {len(trials)}",
        )
        return f"| {' | '.join(cells)} |"


def pruning(trials: int, seeds: Sequence[int], pruners: Sequence[str], root: Path, overrides: Sequence[str]) -> None:
    unpruned: dict[int, Searched] = {}
    with tempfile.TemporaryDirectory() as elsewhere:
        searched(Path(elsewhere), "warm-up", *limit(1), *overrides)
    print("| seed | pruner | best value | of trial | known after, s | all trials, s | steps | pruned |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for seed in seeds:
        base = None
        for pruner in ("none", *pruners):
            asked = (f"hydra.sweeper.seed={seed}", f"hydra.sweeper.pruner={pruner}")
            found = searched(root, f"{pruner}-{seed}", *asked, *limit(trials), *overrides)
            base = base or found
            unpruned[seed] = base
            print(found.row(seed, pruner, base), flush=True)
    print(f"\n| seed | pruner | the same best trial, of {_ORDERS} orders | steps |\n|---|---|---|---|")
    for seed, base in unpruned.items():
        for pruner in _PRUNERS:
            print(f"| {seed} | {pruner} | {replayed(base, pruner)} |", flush=True)


def replayed(base: Searched, pruner: Pruner) -> str:
    """How often the best trial of a study is found, and for which share of its steps, when its trials come in an order
    drawn at random and end where the pruner ends them."""
    config = base.config.model_copy(update={"pruner": pruner})
    curves = [list(trial.intermediate_values.values()) for trial in base.study.trials]
    draw = np.random.default_rng(config.seed)
    found, shares = 0, []
    for _ in range(_ORDERS):
        ordered = [curves[index] for index in draw.permutation(len(curves))]
        study = optuna.create_study(pruner=pruner_of(config))
        ends = [end_of(study.ask(), curve, config.prune_after_validations) for curve in ordered]
        found += study.best_value == base.study.best_value
        shares.append(sum(ends) / sum(map(len, curves)))
    return f"{found / _ORDERS:.0%} | {statistics.median(shares):.0%} ({min(shares):.0%}–{max(shares):.0%})"


def end_of(trial: Trial, curve: Sequence[float], first: int) -> int:
    """The validation after which a trial with this curve has ended."""
    for number, loss in enumerate(curve, start=1):
        trial.report(loss, number)
        if first < number < len(curve) and trial.should_prune():
            trial.study.tell(trial, state=TrialState.PRUNED)
            return number
    trial.study.tell(trial, curve[-1])
    return len(curve)


def searched(root: Path, name: str, *overrides: str) -> Searched:
    """Run a study of the tiny model, or read it where it has been run."""
    with worker_of(*_TINY, f"run.root={root}", f"hydra.sweeper.study_name={name}", *overrides) as worker, quiet():
        worker.work()
    study = worker.study
    began = min(trial.datetime_start.timestamp() for trial in study.trials if trial.datetime_start)
    ended = {trial.number: trial.datetime_complete.timestamp() for trial in study.trials if trial.datetime_complete}
    steps = sum(steps_of(trial.user_attrs["run_directory"]) for trial in study.trials)
    reached, took = ended[study.best_trial.number] - began, max(ended.values()) - began
    return Searched(worker.plan.config, study, reached, took, steps)


@contextmanager
def quiet() -> Iterator[None]:
    """Without the lines that tell of each trial."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        yield


def limit(trials: int) -> tuple[str, ...]:
    return (f"hydra.sweeper.n_trials={trials}",)


def steps_of(directory: str) -> int:
    """Optimizer steps that a trial did."""
    lines = Path(directory, "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return sum('"train/loss"' in line for line in lines)


def told(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.2f} ({min(seconds):.2f}–{max(seconds):.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("question", choices=["overhead", "pruning"])
    parser.add_argument("--trials", type=int, default=0, help="of a study; 0: 4 for overhead, 60 for pruning")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument(
        "--pruners", nargs="*", choices=_PRUNERS, default=_PRUNERS, help="that trials are trained under"
    )
    parser.add_argument("--root", type=Path, help="keeps the studies of `pruning` there, for `medgenius report`")
    parser.add_argument("overrides", nargs="*")
    given = parser.parse_intermixed_args()
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    if given.question == "overhead":
        overhead(given.trials or 4, given.overrides)
    else:
        with tempfile.TemporaryDirectory() as folder:
            pruning(given.trials or 60, given.seeds, given.pruners, given.root or Path(folder), given.overrides)
    print(
        f"\n{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads; "
        f"Python {platform.python_version()}, torch {torch.__version__}, optuna {optuna.__version__}"
    )


if __name__ == "__main__":
    main()
