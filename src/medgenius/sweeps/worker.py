"""One worker of a study: takes trials and trains them until there are no more."""

import gc
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState
from rich.console import Console

from medgenius.config.duration import duration, seconds
from medgenius.config.launch import Launch, Place
from medgenius.config.train import TrainConfig
from medgenius.errors import Interrupted, MedGeniusError, StudyError
from medgenius.files import Json
from medgenius.lock import locked
from medgenius.runs import Run, run_path
from medgenius.sweeps.choosing import ask_values, sampler_for
from medgenius.sweeps.ending import best_trials, offline_because
from medgenius.sweeps.objective import read_summary, values_of
from medgenius.sweeps.queue import ERROR, OVERRIDES, RUN_DIRECTORY, Queue
from medgenius.sweeps.silence import Silence
from medgenius.sweeps.storage import open_storage, quiet_optuna, turn
from medgenius.sweeps.study import Plan, open_study
from medgenius.sweeps.watching import Heartbeat, TrialWatch
from medgenius.training.loading import SharingLoader
from medgenius.training.train import Around, train

Compose = Callable[[Sequence[str]], TrainConfig]
"""From overrides to a checked config."""


@dataclass(slots=True)
class Worker:
    plan: Plan
    compose: Compose
    study: Study
    queue: Queue
    loader: SharingLoader
    """What the trials of this process share"""
    is_offline: bool
    """W&B's host could not be reached when the worker began"""

    def work(self) -> None:
        """
        Raises:
            StudyError: too many trials in a row have failed.
            Interrupted: a signal asked this process to end; its trial waits in the study and goes on later.
        """
        started, config, failures = time.monotonic(), self.plan.config, 0
        silence: Silence | None = None
        while config.timeout is None or time.monotonic() - started < seconds(config.timeout):
            with turn(self.plan.place):
                trial = self.queue.take(self._prepare)
                uncertain = {} if trial else self.queue.uncertain()
            if trial is None:
                silence = silence or Silence(self.queue, uncertain)
                if not silence.lasts(uncertain):
                    return
                continue
            silence = None
            failed = self._do(trial)
            failures = failures + 1 if failed else 0
            if failures >= config.max_failures:
                raise StudyError(f"study {config.study_name}: {failures} trials in a row failed, the last: {failed}")

    def _prepare(self, number: int) -> None:
        self.study.sampler = sampler_for(self.plan.config, self.plan.space, number)

    def _do(self, trial: Trial) -> str | None:
        """Train a trial and tell the study; gives the error of one that failed."""
        started = time.perf_counter()
        error = None
        try:
            frozen = self._trained(trial)
        except (Interrupted, KeyboardInterrupt):
            with turn(self.plan.place):
                self.queue.release(trial)
            raise
        except Exception as raised:
            self.loader = SharingLoader()  # it may have been left half changed
            if not self.queue.holds(trial):  # this process stood still for long, which is no fault of the trial
                print(f"trial {trial.number} was ended or taken over by another process meanwhile", flush=True)
                return None
            error = describe(raised)
            frozen = self._failed(trial, error)
        gc.collect()  # Lightning's trainer and its callbacks name each other, and the model with them
        self._say(frozen, error, time.perf_counter() - started)
        return error

    def _trained(self, trial: Trial) -> FrozenTrial:
        with Heartbeat(self.queue, trial):
            run, summary = self._train(trial)
        _keep_figures(trial, summary)
        if summary["status"] == "pruned":
            return self.study.tell(trial, state=TrialState.PRUNED)
        return self.study.tell(trial, values_of(run, summary, self.plan.config.metrics))

    def _failed(self, trial: Trial, error: str) -> FrozenTrial:
        trial.set_user_attr(ERROR, error)
        began = trial.user_attrs.get(RUN_DIRECTORY)
        if began is not None and (summary := read_summary(Run(Path(began), ""))) is not None:
            _keep_figures(trial, summary)
        return self.study.tell(trial, state=TrialState.FAIL)

    def _train(self, trial: Trial) -> tuple[Run, Mapping[str, Json]]:
        chosen = ask_values(trial, self.plan.space)
        overrides = self.plan.space.overrides(chosen)
        trial.set_user_attr(OVERRIDES, overrides)
        print(f"trial {trial.number} · {' '.join(overrides)}", flush=True)
        config = _as_trial(self.compose([*self.plan.overrides, *overrides]), self.plan)
        run = self._run_of(trial, config, overrides)
        with locked(run):
            summary = read_summary(run)
            if summary is None or summary["status"] not in {"finished", "pruned"}:
                watch = TrialWatch(trial, self.plan.config, chosen, self.is_offline)
                train(config, run, _console(), Place(), Around(self.loader, watch))
                summary = read_summary(run)
            assert summary is not None
            return run, summary

    def _run_of(self, trial: Trial, config: TrainConfig, overrides: Sequence[str]) -> Run:
        """The trial's run directory: the one that an earlier process began, or a new one."""
        launch = Launch(tuple(overrides), sweep_dir=self.plan.directory, job_number=trial.number)
        title = f"trial {trial.number} {launch.title}"
        known = trial.user_attrs.get(RUN_DIRECTORY)
        if known is not None and Path(known).is_dir():
            return Run(Path(known), title)
        path = run_path(config.run, launch).resolve()
        trial.set_user_attr(RUN_DIRECTORY, str(path))  # first: who finds a folder without this has found another's
        path.mkdir(parents=True)
        return Run(path, title)

    def _say(self, trial: FrozenTrial, error: str | None, took: float) -> None:
        config = self.plan.config
        parts = [f"trial {trial.number} {trial.state.name.lower()}"]
        if error:
            parts.append(error)
        elif trial.state == TrialState.COMPLETE:
            parts += [f"{name} {value:.4g}" for name, value in zip(config.metrics, trial.values, strict=True)]
        parts.append(duration(took))
        if len(config.metrics) == 1:
            parts += [f"best {best.value:.4g} (trial {best.number})" for best in best_trials(self.study)]
        print(" · ".join([*parts, f"{self.queue.ended()} of {config.n_trials}"]), flush=True)


def start_worker(plan: Plan, compose: Compose) -> Worker:
    """
    Raises:
        ConfigError, RunError: the study can't be joined.
    """
    quiet_optuna()
    with turn(plan.place):
        study = open_study(plan, open_storage(plan.place))
    return Worker(plan, compose, study, Queue(study, plan.config), SharingLoader(), offline_because(plan) is not None)


def _keep_figures(trial: Trial, summary: Mapping[str, Json]) -> None:
    """What the run took, whether or not it came to anything."""
    for name in ("seconds", "trainable_parameters", "peak_memory_bytes"):
        trial.set_user_attr(name, summary[name])
    cost = summary["cost"]
    assert isinstance(cost, Mapping)
    trial.set_user_attr("cost", cost["amount"])


def describe(error: Exception) -> str:
    """An error in one line. Of what is not ours only the kind and the place: its text may quote the data."""
    if isinstance(error, MedGeniusError):
        return str(error).splitlines()[-1]  # of several lines the last sums up
    if isinstance(error, MemoryError) or "out of memory" in str(error) or "can't allocate memory" in str(error):
        return "out of memory"
    where = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(where[-1].filename).name}:{where[-1].lineno}" if where else ""
    return f"{type(error).__name__}{place}"


def _as_trial(config: TrainConfig, plan: Plan) -> TrainConfig:
    tracking = config.tracking
    changes = {
        "group": tracking.group or plan.config.study_name,
        "job_type": "trial",
        # Answers to sample questions take longer than a short trial; who wants them says so.
        "log_samples": False if tracking.log_samples == "auto" else tracking.log_samples,
    }
    return config.model_copy(update={"tracking": tracking.model_copy(update=changes)})


def _console() -> Console:
    """A trial's own lines would bury the study's; its progress bar is wanted where there is one."""
    console = Console()
    console.quiet = not console.is_terminal
    return console
