"""A study's eye on a running trial: reports, pruning, and signs of life."""

import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from optuna.trial import Trial

from medgenius.config.duration import seconds
from medgenius.config.sweeper import AT_EACH_VALIDATION, SweeperConfig
from medgenius.files import Json
from medgenius.sweeps.objective import perplexity
from medgenius.sweeps.queue import Queue
from medgenius.sweeps.space import Value


class TrialWatch:
    """What the run of a trial is given to report to."""

    def __init__(self, trial: Trial, config: SweeperConfig, chosen: Mapping[str, Value], offline_is_told: bool) -> None:
        self._trial = trial
        self._config = config
        self._chosen = chosen
        self._offline_is_told = offline_is_told
        self._validations = 0

    @property
    def facts(self) -> Mapping[str, Json]:
        numbered: dict[str, Json] = {"study": self._config.study_name, "trial.number": self._trial.number}
        return numbered | {f"trial.params.{key}": value for key, value in self._chosen.items()}

    @property
    def offline_is_told(self) -> bool:
        return self._offline_is_told

    def validated(self, number: int, loss: float) -> None:
        self._validations = number
        metrics = self._config.metrics
        if len(metrics) == 1 and metrics[0] in AT_EACH_VALIDATION:  # Optuna knows no reports of several
            value = loss if metrics[0] == "validation/loss" else perplexity(loss)
            if number not in self._trial.study.trials[self._trial.number].intermediate_values:
                self._trial.report(value, number)
        print(f"trial {self._trial.number} · validation {number} · loss {loss:.4f}", flush=True)

    def wants_end(self) -> bool:
        if self._config.pruner == "none" or self._validations <= self._config.prune_after_validations:
            return False
        return self._trial.should_prune()


class Heartbeat:
    """A thread that gives a trial's signs of life; used in a `with` around it."""

    def __init__(self, queue: Queue, trial: Trial) -> None:
        self._queue = queue
        self._trial = trial
        self._every = seconds(queue.config.heartbeat)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, _: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(self._every):
            try:
                self._queue.sign(self._trial)
            except Exception as error:
                print(f"trial {self._trial.number}: no sign of life given: {type(error).__name__}", flush=True)
