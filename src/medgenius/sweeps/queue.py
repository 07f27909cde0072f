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
            prepare: told the trial's number before it is begun
        """
        self._release_abandoned()
        trials = self.study.get_trials(deepcopy=False)
        ended = sum(trial.state.is_finished() for trial in trials)
        running = sum(trial.state == TrialState.RUNNING for trial in trials)
        waiting = [trial.number for trial in trials if trial.state == TrialState.WAITING]
        if ended + running >= self.config.n_trials or (self.config.sampler == "grid" and not waiting):
            return None
        prepare(min(waiting, default=len(trials)))  # Optuna gives the first that waits
        trial = self.study.ask()
        self._storage.set_trial_system_attr(trial._trial_id, _OWNER, json.dumps(asdict(Owner.this())))
        self.sign(trial)
        return trial

    def sign(self, trial: Trial) -> None:
        """A sign of life."""
        self._storage.set_trial_system_attr(trial._trial_id, _SEEN, time.time())

    def holds(self, trial: Trial) -> bool:
        """Whether a trial is still this process's: not ended, put back or taken over since."""
        found = self._storage.get_trial(trial._trial_id)
        return found.state == TrialState.RUNNING and owner_of(found) == Owner.this()

    def release(self, trial: Trial) -> None:
        """Leave a trial to whoever comes next; it goes on from its checkpoint. One that was taken over or ended since
        is not this process's to leave."""
        if self.holds(trial):
            self._put_back(trial._trial_id)

    def ended(self) -> int:
        return sum(trial.state.is_finished() for trial in self.study.get_trials(deepcopy=False))

    def uncertain(self) -> dict[int, float]:
        """Running trials of which nobody here can say that they live, each with the time of its last sign of life.

        Empty where the study has all that were asked for, whatever becomes of these.
        """
        if self.ended() >= self.config.n_trials:
            return {}
        running = self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        return {trial.number: _last_sign(trial) for trial in running if not _is_of_this_machine(trial)}

    def patience(self) -> float:
        """Seconds without a sign of life after which another machine's trial is taken over."""
        return _MISSED * seconds(self.config.heartbeat)

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
        return time.time() - _last_sign(trial) > self.patience()


def _is_of_this_machine(trial: FrozenTrial) -> bool:
    owner = owner_of(trial)
    return owner is not None and owner.is_here()


def _last_sign(trial: FrozenTrial) -> float:
    seen = trial.system_attrs.get(_SEEN)
    if seen is None:  # killed between taking it and its first sign, or taken by another program
        return trial.datetime_start.timestamp() if trial.datetime_start else 0.0
    return float(seen)


def owner_of(trial: FrozenTrial) -> Owner | None:
    try:
        return Owner(**json.loads(trial.system_attrs[_OWNER]))
    except (KeyError, ValueError, TypeError):
        return None
