"""What a person is told of a study before its first trial and after its last."""

import shlex
from collections import Counter

import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from medgenius.config.arguments import readable
from medgenius.config.launch import program
from medgenius.connection import wandb_mode
from medgenius.sweeps.queue import OVERRIDES
from medgenius.sweeps.storage import open_storage, quiet_optuna, turn
from medgenius.sweeps.study import Plan, facts_of, open_study


def say_beginning(plan: Plan) -> None:
    """
    Raises:
        ConfigError, RunError: the study can't be joined.
    """
    quiet_optuna()
    with turn(plan.place):
        study = open_study(plan, open_storage(plan.place))
    print(f"study  {study.study_name} · {plan.place}")
    for key, text in plan.space.written().items():
        print(f"space  {key}={text}")
    settings = plan.config
    goal = ", ".join(
        f"{direction} {metric}" for direction, metric in zip(settings.directions, settings.metrics, strict=True)
    )
    print(f"search {goal} · {settings.sampler}, pruner {settings.pruner} · {told(study)} of {settings.n_trials} trials")
    if settings.sampler == "grid" and (points := len(plan.space.grid())) > settings.n_trials:
        print(f"grid   {points} points, of which hydra.sweeper.n_trials={settings.n_trials} leaves some untried")
    say_offline(plan)


def say_offline(plan: Plan) -> None:
    """Once for the study what a run alone says for itself."""
    if why := offline_because(plan):
        folder = shlex.quote(str(plan.directory))
        print(f"W&B: offline ({why}); later: wandb sync {folder}/wandb/offline-run-* {folder}/*/wandb/offline-run-*")


def offline_because(plan: Plan) -> str | None:
    """Why W&B will be offline here; None where it will not, or is not wanted."""
    mode = plan.base.tracking.mode
    return None if mode == "off" else wandb_mode(mode)[1]


def say_end(plan: Plan) -> Study:
    study = optuna.load_study(study_name=plan.config.study_name, storage=open_storage(plan.place))
    print(f"study  {study.study_name} · {told(study)} of {plan.config.n_trials} trials")
    for trial in best_trials(study):
        print(f"best   trial {trial.number} · {values(study, trial)}")
        print(f"again  {command(study, trial)}")
    print(f"report {report_command(plan)}", flush=True)
    return study


def report_command(plan: Plan) -> str:
    """The line that writes the study's report."""
    words = [f"study={readable(plan.config.study_name)}"]
    if plan.base.run.root != "runs":
        words.append(f"root={readable(plan.base.run.root)}")
    if plan.config.storage:
        words.append(f"storage={readable(str(plan.place))}")
    return shlex.join(["medgenius", "report", *words])


def told(study: Study) -> str:
    """How many trials there are of each state."""
    counts = Counter(trial.state.name.lower() for trial in study.get_trials(deepcopy=False))
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "none"


def best_trials(study: Study) -> list[FrozenTrial]:
    """The best one, the first of those that are alike, or of several metrics the Pareto set; empty while none is
    complete."""
    if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        return []
    return [study.best_trial] if len(study.directions) == 1 else study.best_trials


def values(study: Study, trial: FrozenTrial) -> str:
    facts = facts_of(study)
    names = facts.metrics if facts else [f"value {i}" for i in range(len(trial.values))]
    return ", ".join(f"{name} {value:.6g}" for name, value in zip(names, trial.values, strict=True))


def command(study: Study, trial: FrozenTrial) -> str:
    """The line that trains this trial alone."""
    facts = facts_of(study)
    front = [*facts.start, *facts.overrides] if facts else program()
    return shlex.join([*front, *trial.user_attrs[OVERRIDES]])
