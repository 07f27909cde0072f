"""Which trial a worker takes, and when it leaves. Nothing is trained."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from optuna.trial import FrozenTrial, Trial, TrialState

from medgenius.lock import Owner
from medgenius.sweeps.storage import turn
from medgenius.sweeps.worker import Worker, start_worker
from tests.sweeps.small import ONLY_RANK, tiny_study, typed

_ONE = (*ONLY_RANK, "lora.r=choice(2,4,8)", "hydra.sweeper.heartbeat=1s", "hydra.sweeper.pruner=none")


def worker_of(root: Path, *arguments: str) -> Worker:
    with typed(*tiny_study(root, *_ONE, *arguments)) as line:
        return start_worker(line.plan, line.compose)


def take(worker: Worker, prepare: Callable[[int], None] = lambda _number: None) -> Trial:
    with turn(worker.plan.place):
        trial = worker.queue.take(prepare)
    assert trial is not None
    return trial


def of_another_machine(worker: Worker, trial: Trial) -> None:
    owner = json.dumps({**asdict(Owner.this()), "host": "another"})
    worker.study._storage.set_trial_system_attr(trial._trial_id, "medgenius:owner", owner)


def tell_at_once(self: Worker, trial: Trial) -> FrozenTrial:
    return self.study.tell(trial, 1.0)


def test_a_trial_that_waits_is_drawn_with_its_own_number(tmp_path: Path) -> None:
    worker = worker_of(tmp_path, "hydra.sweeper.seed_trials=[]", "hydra.sweeper.sampler=random")
    told: list[int] = []
    for _ in range(3):
        take(worker, told.append)
    with turn(worker.plan.place):
        worker.queue.release(Trial(worker.study, worker.study.trials[1]._trial_id))

    again = take(worker, told.append)
    take(worker, told.append)

    assert again.number == 1
    assert told == [0, 1, 2, 1, 3]


def test_a_worker_stays_until_a_dead_trial_of_another_machine_can_be_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Worker, "_trained", tell_at_once)
    worker = worker_of(tmp_path, "hydra.sweeper.n_trials=1")
    of_another_machine(worker, take(worker))

    began = time.monotonic()
    worker.work()

    assert 4 < time.monotonic() - began < 60
    assert [trial.state for trial in worker.study.trials] == [TrialState.COMPLETE]
    told = [line for line in capsys.readouterr().out.splitlines() if "may have died" in line]
    assert len(told) == 1
    assert told[0].startswith("trial 0 may have died elsewhere: waiting for a sign of life, at most until ")


def test_a_worker_leaves_after_a_sign_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = worker_of(tmp_path, "hydra.sweeper.n_trials=1")
    trial = take(worker)
    of_another_machine(worker, trial)
    sleep = time.sleep

    def sign_meanwhile(length: float) -> None:
        worker.queue.sign(trial)
        sleep(length)

    monkeypatch.setattr("medgenius.sweeps.silence.time.sleep", sign_meanwhile)
    began = time.monotonic()
    worker.work()

    assert time.monotonic() - began < 4
    assert [trial.state for trial in worker.study.trials] == [TrialState.RUNNING]


def test_nobody_waits_for_a_living_trial_of_this_machine_or_beyond_the_timeout(tmp_path: Path) -> None:
    here = worker_of(tmp_path / "here", "hydra.sweeper.n_trials=1")
    take(here)
    elsewhere = worker_of(tmp_path / "elsewhere", "hydra.sweeper.n_trials=1", "hydra.sweeper.timeout=1s")
    of_another_machine(elsewhere, take(elsewhere))

    for worker in (here, elsewhere):
        began = time.monotonic()
        worker.work()
        assert time.monotonic() - began < 4  # five missed heartbeats are longer
        assert [trial.state for trial in worker.study.trials] == [TrialState.RUNNING]


@pytest.mark.parametrize("fate", [TrialState.FAIL, TrialState.WAITING])
def test_a_trial_that_was_ended_elsewhere_is_told_and_the_worker_goes_on(
    fate: TrialState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given: list[int] = []

    def given_up(self: Worker, trial: Trial) -> FrozenTrial:
        if trial.number == 0 and not given:
            given.append(trial.number)
            self.study._storage.set_trial_state_values(trial._trial_id, fate)
            trial.report(1.0, 1)
        return tell_at_once(self, trial)

    monkeypatch.setattr(Worker, "_trained", given_up)
    worker = worker_of(tmp_path, "hydra.sweeper.n_trials=2", "hydra.sweeper.max_failures=1")
    worker.work()

    ends = [TrialState.FAIL if fate == TrialState.FAIL else TrialState.COMPLETE, TrialState.COMPLETE]
    assert [trial.state for trial in worker.study.trials] == ends
    assert "trial 0 was ended or taken over by another process meanwhile" in capsys.readouterr().out


def test_a_trial_that_another_machine_has_taken_over_stays_there_when_this_process_is_asked_to_end(
    tmp_path: Path,
) -> None:
    worker = worker_of(tmp_path)
    mine, taken, ended = take(worker), take(worker), take(worker)
    of_another_machine(worker, taken)
    worker.study.tell(ended, 1.0)
    with turn(worker.plan.place):
        for trial in (mine, taken, ended):
            worker.queue.release(trial)

    states = [trial.state for trial in worker.study.trials]
    assert states == [TrialState.WAITING, TrialState.RUNNING, TrialState.COMPLETE]
