"""Each sampler and each pruner in a real study of the tiny model."""

from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.samplers import RandomSampler
from optuna.trial import TrialState

from medgenius.sweeps.choosing import pruner_of, sampler_for
from medgenius.sweeps.worker import start_worker
from tests.sweeps.small import tiny_study, typed
from tests.sweeps.test_study import loaded, run_study

_SPACE = ("lora.r=range(2,9)", "optimizer.learning_rate=log(interval(1e-4,1e-2))", "trainer.epochs=1")
_SHORT = ("trainer.max_steps=1", "hydra.sweeper.pruner=none", "hydra.sweeper.seed_trials=[]")


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["tpe", "gp", "cmaes", "random"])
def test_each_sampler_makes_a_model_of_the_trials_after_the_drawn_ones(sampler: str, tmp_path: Path) -> None:
    asked = (*_SPACE, *_SHORT, f"hydra.sweeper.sampler={sampler}", "hydra.sweeper.startup_trials=3")
    study = run_study(tmp_path, *asked, "hydra.sweeper.n_trials=5")

    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 5
    assert len({str(trial.params) for trial in study.trials}) == 5
    with typed(*tiny_study(tmp_path, *_SPACE, *_SHORT)) as line:
        config = line.plan.config.model_copy(update={"sampler": "random"})
        space = line.plan.space
    for trial in study.trials:
        at_random = sampler_for(config, space, trial.number)
        assert isinstance(at_random, RandomSampler)
        drawn = {
            key: at_random.sample_independent(study, trial, key, distribution)
            for key, distribution in trial.distributions.items()
        }
        assert (drawn == trial.params) == (sampler == "random" or trial.number < 3)


@pytest.mark.slow
def test_a_grid_is_every_combination_once_and_no_more(tmp_path: Path) -> None:
    grid = ("lora.r=choice(2,4)", "trainer.epochs=range(1,3)", "optimizer.learning_rate=1e-3")
    study = run_study(tmp_path, *grid, *_SHORT, "hydra.sweeper.sampler=grid", "hydra.sweeper.n_trials=9")

    points = {(trial.params["lora.r"], trial.params["trainer.epochs"]) for trial in study.trials}
    assert (len(study.trials), points) == (4, {(2, 1), (2, 2), (4, 1), (4, 2)})


def test_halving_ends_three_of_four_at_the_first_and_the_fourth_validation(tmp_path: Path) -> None:
    """Beside the rule by hand, for curves that keep their order: a trial goes on at such a validation if it is among
    the best quarter of all that came so far, or the best of fewer than eight."""
    with typed(*tiny_study(tmp_path, *_SPACE, "hydra.sweeper.pruner=halving")) as line:
        study = optuna.create_study(pruner=pruner_of(line.plan.config))
    losses = np.random.default_rng(7).uniform(1.0, 3.0, size=40)
    at_rung: dict[int, list[float]] = {1: [], 4: []}
    ends = []
    for loss in losses:
        trial = study.ask()
        for number in range(1, 9):
            trial.report(loss / number, number)
            rung = at_rung.get(number, [])
            rung.append(loss)
            is_kept = sorted(rung).index(loss) < max(1, len(rung) // 4)
            assert trial.should_prune() != is_kept
            if not is_kept:
                study.tell(trial, state=TrialState.PRUNED)
                break
        else:
            study.tell(trial, loss / 8)
        ends.append(number)

    assert ends[0] == 8
    assert {1, 4, 8} == set(ends)


@pytest.mark.slow
@pytest.mark.parametrize("pruner", ["median", "halving", "hyperband", "wilcoxon", "none"])
def test_each_pruner_ends_trials_that_learn_nothing_and_none_ends_none(pruner: str, tmp_path: Path) -> None:
    """The first trial learns best, each after it worse: hyperband compares a trial with those of its bracket."""
    rates = "optimizer.learning_rate=choice(1e-2,3e-3,1e-3,3e-4,1e-4,1e-5)"
    asked = ("lora.r=4", rates, "trainer.epochs=3", "trainer.validate_every=1", "hydra.sweeper.sampler=grid")
    seed = "hydra.sweeper.seed_trials=[{optimizer.learning_rate: 0.01}]"
    study = run_study(tmp_path, *asked, seed, f"hydra.sweeper.pruner={pruner}", "hydra.sweeper.prune_after_trials=1")

    first, *others = study.trials
    assert (first.state, len(others)) == (TrialState.COMPLETE, 5)
    states = {trial.state for trial in others}
    assert (TrialState.PRUNED in states) == (pruner != "none")
    for trial in others:
        ended_early = max(trial.intermediate_values) < max(first.intermediate_values)
        assert (trial.state == TrialState.PRUNED) == ended_early


@pytest.mark.slow
def test_no_trial_begins_after_the_timeout(tmp_path: Path) -> None:
    study = run_study(tmp_path, *_SPACE, *_SHORT, "hydra.sweeper.timeout=1s", "hydra.sweeper.n_trials=9")

    begun = [trial.datetime_start.timestamp() for trial in study.trials if trial.datetime_start]
    assert 1 <= len(begun) < 9
    assert begun[-1] - begun[0] < 1.5
    assert all(trial.state == TrialState.COMPLETE for trial in study.trials)


@pytest.mark.slow
def test_a_trial_that_asks_for_more_memory_than_there_is_fails_alone(tmp_path: Path) -> None:
    ranks = ("lora.r=choice(1000000000000,4)", "optimizer.learning_rate=1e-3", "trainer.epochs=1")
    with typed(*tiny_study(tmp_path, *ranks, *_SHORT, "hydra.sweeper.sampler=grid")) as line:
        start_worker(line.plan, line.compose).work()
    failed, complete = loaded(tmp_path).trials
    assert (failed.state, complete.state) == (TrialState.FAIL, TrialState.COMPLETE)
    assert "memory" in failed.user_attrs["error"]
