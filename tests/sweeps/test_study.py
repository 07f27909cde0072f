"""Studies of the tiny model, in this process: pruning, failure, going on, sharing."""

import json
import math
import os
import signal
import time
from dataclasses import asdict
from pathlib import Path

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState
from rich.console import Console

from medgenius.config.launch import Place
from medgenius.errors import ConfigError, Interrupted, StudyError
from medgenius.lock import Owner
from medgenius.runs import Run
from medgenius.sweeps.storage import turn
from medgenius.sweeps.study import facts_of
from medgenius.sweeps.watching import TrialWatch
from medgenius.sweeps.worker import start_worker
from medgenius.training.train import train
from tests.sweeps.small import ONLY_RANK, tiny_study, typed


def run_study(root: Path, *arguments: str) -> optuna.Study:
    with typed(*tiny_study(root, *arguments)) as line:
        start_worker(line.plan, line.compose).work()
    return loaded(root)


def loaded(root: Path, name: str = "default") -> optuna.Study:
    """As anyone would open it."""
    return optuna.load_study(study_name=name, storage=f"sqlite:///{root}/studies/{name}/study.db")


def directory(trial: FrozenTrial) -> Path:
    return Path(trial.user_attrs["run_directory"])


def test_trials_have_their_directory_and_value_and_more_of_them_join_the_same_study(tmp_path: Path) -> None:
    small = ("lora.r=choice(2,4)", "trainer.epochs=1")
    study = run_study(tmp_path, *small, "hydra.sweeper.n_trials=1")
    (first,) = study.trials
    summary = json.loads((directory(first) / "summary.json").read_text())
    assert first.state == TrialState.COMPLETE
    assert first.value == summary["validation_loss_after"]
    assert first.user_attrs["overrides"][0] == f"lora.r={first.params['lora.r']}"
    assert study.metric_names == ["validation/loss"]
    facts = facts_of(study)
    assert facts is not None
    assert "lora.r" not in facts.config

    again = run_study(tmp_path, *small, "hydra.sweeper.n_trials=2")
    assert [trial.state for trial in again.trials] == [TrialState.COMPLETE] * 2
    assert again.trials[0] == first
    assert again.trials[1].params != first.params  # the seed and the number, not the seed alone

    with pytest.raises(ConfigError, match=r"hydra\.sweeper\.pruner=halving: the study has median"):
        run_study(tmp_path, *small, "hydra.sweeper.n_trials=2", "hydra.sweeper.pruner=halving")
    with pytest.raises(ConfigError, match=r"data\.max_rows=21: the study has 20") as refusal:
        run_study(tmp_path, *small, "hydra.sweeper.n_trials=2", "data.max_rows=21")
    assert "choose another hydra.sweeper.study_name" in str(refusal.value)


def test_a_pruned_trial_is_a_normal_end_with_its_last_value(tmp_path: Path) -> None:
    study = run_study(
        tmp_path,
        *("lora.r=choice(2,4)", "optimizer.learning_rate=choice(1e-2,1e-6)", "trainer.epochs=3"),
        *("hydra.sweeper.sampler=grid", "hydra.sweeper.seed_trials=[{lora.r: 2, optimizer.learning_rate: 0.01}]"),
        *("hydra.sweeper.prune_after_trials=1", "hydra.sweeper.n_trials=3"),
    )
    states = [trial.state for trial in study.trials if trial.state.is_finished()]
    assert states[0] == TrialState.COMPLETE
    pruned = [trial for trial in study.trials if trial.state == TrialState.PRUNED]
    assert pruned
    for trial in pruned:
        assert trial.params["optimizer.learning_rate"] == 1e-6
        assert sorted(trial.intermediate_values) == [1, 2]  # the first prunes nothing
        summary = json.loads((directory(trial) / "summary.json").read_text())
        assert (summary["status"], summary["error"]) == ("pruned", None)
        assert trial.value == trial.intermediate_values[2] == summary["validation_loss_after"]
        assert not (directory(trial) / "adapter").exists()
        assert (directory(trial) / "report.html").is_file()


def test_a_failed_trial_is_recorded_and_the_others_go_on(tmp_path: Path) -> None:
    study = run_study(
        tmp_path,
        *ONLY_RANK,
        *("trainer.epochs=1", "lora.r=4", "optimizer.learning_rate=choice(1e30,1e-4)", "hydra.sweeper.n_trials=2"),
        *("hydra.sweeper.sampler=grid", "hydra.sweeper.pruner=none", "hydra.sweeper.seed_trials=[]"),
    )
    failed, complete = study.trials
    assert (failed.state, complete.state) == (TrialState.FAIL, TrialState.COMPLETE)
    assert "became" in failed.user_attrs["error"]
    summary = json.loads((directory(failed) / "summary.json").read_text())
    assert failed.user_attrs["seconds"] == summary["seconds"] > 0
    assert failed.user_attrs["cost"] == summary["cost"]["amount"]
    assert failed.user_attrs["peak_memory_bytes"] == summary["peak_memory_bytes"]
    assert complete.value is not None
    assert math.isfinite(complete.value)


@pytest.mark.slow
def test_too_many_failures_in_a_row_end_the_worker(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"2 trials in a row failed, the last: the .* became"):
        run_study(
            tmp_path,
            *("trainer.epochs=1", "lora.r=choice(2,4)", "optimizer.learning_rate=1e30"),
            *("hydra.sweeper.max_failures=2", "hydra.sweeper.n_trials=9"),
        )
    assert [trial.state for trial in loaded(tmp_path).trials] == [TrialState.FAIL] * 2


@pytest.mark.slow
def test_a_conditional_key_is_chosen_only_under_its_condition(tmp_path: Path) -> None:
    study = run_study(
        tmp_path,
        *("trainer.epochs=1", "optimizer.learning_rate=1e-3", "lora.r=choice(2,4)", "hydra.sweeper.n_trials=2"),
        "hydra.sweeper.space.lora.dropout={values: [0.0,0.1], when: {lora.r: 4}}",
        *("hydra.sweeper.seed_trials=[{lora.r: 2}, {lora.r: 4, lora.dropout: 0.1}]",),
    )
    assert [trial.params for trial in study.trials] == [{"lora.r": 2}, {"lora.r": 4, "lora.dropout": 0.1}]
    config = (directory(study.trials[1]) / "config.yaml").read_text()
    assert "dropout: 0.1" in config


@pytest.mark.slow
def test_several_metrics_give_a_pareto_set(tmp_path: Path) -> None:
    study = run_study(
        tmp_path,
        *("trainer.epochs=1", "optimizer.learning_rate=1e-3", "lora.r=choice(2,8)", "hydra.sweeper.n_trials=2"),
        *("hydra.sweeper.metric=[validation/loss,trainable_parameters]", "hydra.sweeper.pruner=none"),
        *("hydra.sweeper.direction=[minimize,minimize]", "hydra.sweeper.sampler=grid"),
    )
    assert all(len(trial.values) == 2 for trial in study.trials)
    assert study.best_trials


def test_a_trial_that_a_signal_ends_goes_on_to_the_same_bytes_as_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does what trials of one process share (model, data, loss before): the second runs after another."""
    small = ("lora.r=choice(2,4)", "trainer.epochs=2", "optimizer.learning_rate=1e-2", "hydra.sweeper.sampler=grid")
    asked = (*small, "hydra.sweeper.n_trials=2", "hydra.sweeper.pruner=none", "lora.dropout=0.1")
    told: list[int] = []

    def stop_at_the_first(self: TrialWatch, number: int, loss: float) -> None:
        told.append(number)
        if len(told) == 3:  # the first validation of the second trial
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(TrialWatch, "validated", stop_at_the_first)
        with pytest.raises(Interrupted):
            run_study(tmp_path / "stopped", *asked)
    first, second = loaded(tmp_path / "stopped").trials
    assert (first.state, second.state) == (TrialState.COMPLETE, TrialState.WAITING)

    study = run_study(tmp_path / "stopped", *asked)
    assert len(study.trials) == 2
    second = study.trials[1]
    assert second.state == TrialState.COMPLETE
    with typed(*tiny_study(tmp_path / "alone", *asked)) as line:
        config = line.compose([*line.plan.overrides, *second.user_attrs["overrides"]])
        tracking = config.tracking.model_copy(update={"log_samples": False})
        run = Run(tmp_path / "alone" / "run", "alone")
        run.path.mkdir(parents=True)
        train(config.model_copy(update={"tracking": tracking}), run, Console(quiet=True), Place())
    shared, alone = (path / "adapter" / "adapter_model.safetensors" for path in (directory(second), run.path))
    assert shared.read_bytes() == alone.read_bytes()
    summaries = [json.loads((path / "summary.json").read_text()) for path in (directory(second), run.path)]
    before, before_alone = (summary["validation_loss_before"] for summary in summaries)
    assert before == before_alone  # the second trial had it from the first


def test_a_trial_of_a_process_that_is_gone_is_taken_over_and_given_up_after_its_retries(tmp_path: Path) -> None:
    with typed(*tiny_study(tmp_path, "hydra.sweeper.n_trials=3", "hydra.sweeper.retries=1")) as line:
        queue = start_worker(line.plan, line.compose).queue
    dead = json.dumps({**json.loads(owner_of_this_process()), "pid": 2**22 + 1})
    for round_ in range(2):
        with turn(line.plan.place):
            trial = queue.take(lambda _number: None)
        assert trial is not None
        assert trial.number == 0, round_
        queue.study._storage.set_trial_system_attr(trial._trial_id, "medgenius:owner", dead)
    with turn(line.plan.place):
        after = queue.take(lambda _number: None)
    assert after is not None
    assert after.number == 1
    assert queue.study.trials[0].state == TrialState.FAIL
    assert "killed 2 times" in queue.study.trials[0].user_attrs["error"]


def test_another_machines_trial_is_taken_over_when_it_has_given_no_sign_for_long(tmp_path: Path) -> None:
    with typed(*tiny_study(tmp_path, "hydra.sweeper.n_trials=1", "hydra.sweeper.heartbeat=1s")) as line:
        queue = start_worker(line.plan, line.compose).queue
    with turn(line.plan.place):
        trial = queue.take(lambda _number: None)
    assert trial is not None
    elsewhere = json.dumps({**json.loads(owner_of_this_process()), "host": "another"})
    queue.study._storage.set_trial_system_attr(trial._trial_id, "medgenius:owner", elsewhere)
    with turn(line.plan.place):
        assert queue.take(lambda _number: None) is None
    queue.study._storage.set_trial_system_attr(trial._trial_id, "medgenius:seen", time.time() - 6)
    with turn(line.plan.place):
        taken = queue.take(lambda _number: None)
    assert taken is not None
    assert taken.number == 0


def owner_of_this_process() -> str:
    return json.dumps(asdict(Owner.this()))
