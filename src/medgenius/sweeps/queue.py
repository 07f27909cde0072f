"""Taking trials out of a study: interrupted ones first, and never more than were asked for."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from medgenius.config.duration import seconds
from medgenius.config.sweeper import SweeperConfig
from medgenius.lock import Owner

_OWNER, _SEEN, _INTERRUPTED = "medgenius:owner", "medgenius:seen", "medgenius:interrupted"
"""System attributes of a trial: its process, its last sign of life (seconds since 1970), how often it was killed."""
RUN_DIRECTORY, OVERRIDES, ERROR = "run_directory", "overrides", "error"
"""User attributes of a trial."""
_MISSED = 5
"""Signs of life."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A study as workers see it. Everything here but `sign` is called in `turn`."""

    study: Study
    config: SweeperConfig

    @property
    def _storage(self) -> BaseStorage:
        return self.study._storage

    def take(self, prepare: Callable[[int], None]) -> Trial | None:
        """The next trial: one that waits, or a new one. None: as many as were asked for have ended or are running.

        Args:
            prepare: told the trial's number before a new one is begun
        """
        self._release_abandoned()
        trials = self.study.get_trials(deepcopy=False)
        ended = sum(trial.state.is_finished() for trial in trials)
        running = sum(trial.state == TrialState.RUNNING for trial in trials)
        waits = any(trial.state == TrialState.WAITING for trial in trials)
        if ended + running >= self.config.n_trials or (self.config.sampler == "grid" and not waits):
            return None
        prepare(len(trials))
        trial = self.study.ask()
        self._storage.set_trial_system_attr(trial._trial_id, _OWNER, json.dumps(asdict(Owner.this())))
        self.sign(trial)
        return trial

    def sign(self, trial: Trial) -> None:
        """A sign of life."""
        self._storage.set_trial_system_attr(trial._trial_id, _SEEN, time.time())

    def release(self, trial: Trial) -> None:
        """Leave a trial to whoever comes next; it goes on from its checkpoint."""
        self._put_back(trial._trial_id)

    def ended(self) -> int:
        return sum(trial.state.is_finished() for trial in self.study.get_trials(deepcopy=False))

    def running(self) -> int:
        return len(self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)))

    def _release_abandoned(self) -> None:
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if not self._is_abandoned(trial):
                continue
            times = int(trial.system_attrs.get(_INTERRUPTED, 0)) + 1
            self._storage.set_trial_system_attr(trial._trial_id, _INTERRUPTED, times)
            if times > self.config.retries:
                error = f"its process was killed {times} times (out of memory?)"
                self._storage.set_trial_user_attr(trial._trial_id, ERROR, error)
                self._storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
            else:
                self._put_back(trial._trial_id)

    def _put_back(self, trial_id: int) -> None:
        self._storage.set_trial_state_values(trial_id, TrialState.WAITING)

    def _is_abandoned(self, trial: FrozenTrial) -> bool:
        """Of a process of this machine it is known; another's must have given no sign for some time."""
        owner = owner_of(trial)
        if owner is not None and owner.is_here():
            return not owner.may_live()
        seen = trial.system_attrs.get(_SEEN)
        if seen is None:  # killed between taking it and its first sign, or taken by another program
            seen = trial.datetime_start.timestamp() if trial.datetime_start else 0.0
        return time.time() - float(seen) > _MISSED * seconds(self.config.heartbeat)


def owner_of(trial: FrozenTrial) -> Owner | None:
    try:
        return Owner(**json.loads(trial.system_attrs[_OWNER]))
    except (KeyError, ValueError, TypeError):
        return None
