"""The study's own run in W&B, beside those of its trials and in their group."""

import hashlib
import os

from optuna.study import Study

from medgenius.connection import wandb_mode
from medgenius.files import Json
from medgenius.sweeps.ending import best_trials, command
from medgenius.sweeps.report.table import columns, figures
from medgenius.sweeps.storage import turn
from medgenius.sweeps.study import Facts, Plan, facts_of

_TOLD = "medgenius:wandb"
"""The study's user attribute: how many ended trials W&B has been told of."""


def tell_wandb(plan: Plan, study: Study) -> None:
    """A table of all trials, the best of them and the line that trains it again; under one id, however often."""
    facts = facts_of(study)
    ended = sum(trial.state.is_finished() for trial in study.get_trials(deepcopy=False))
    tracking = plan.base.tracking
    assert facts is not None
    assert tracking.mode != "off"
    with turn(plan.place):  # of several workers that end together one tells
        if study.user_attrs.get(_TOLD) == ended:
            return
        study.set_user_attr(_TOLD, ended)
    os.environ["WANDB_SILENT"] = "true"
    import wandb  # noqa: PLC0415  only where it is wanted

    mode, _ = wandb_mode(tracking.mode)
    run = wandb.init(
        id=f"study-{hashlib.sha256(f'{plan.place} {study.study_name}'.encode()).hexdigest()[:10]}",
        resume="allow" if mode == "online" else None,
        name=f"study {study.study_name}",
        dir=str(plan.directory),
        project=tracking.project,
        entity=tracking.entity,
        group=tracking.group or study.study_name,
        job_type="study",
        tags=[*tracking.tags, "study"],
        mode=mode,
        settings=wandb.Settings(console="off", save_code=False, disable_git=True, init_timeout=60, silent=True),
        config={"study": study.study_name, "sampler": plan.config.sampler, "pruner": plan.config.pruner}
        | {f"space.{key}": text for key, text in facts.space.items()},
    )
    # A choice may be among numbers and words.
    table = wandb.Table(columns=[*columns(facts)], data=figures(study, facts), allow_mixed_types=True)
    run.log({"trials": table})
    run.summary.update({"ended": ended, **best_of(study, facts)})
    run.finish(exit_code=0)


def best_of(study: Study, facts: Facts) -> dict[str, Json]:
    """The best trial, or of several metrics the numbers of the Pareto set, none of which is the best."""
    best = best_trials(study)
    if len(facts.metrics) > 1:
        return {"pareto.trials": [trial.number for trial in best]}
    found: dict[str, Json] = {}
    for trial in best:
        found |= {"best.trial": trial.number, "best.command": command(study, trial)}
        found |= {f"best.{name}": value for name, value in zip(facts.metrics, trial.values, strict=True)}
        found |= {f"best.{key}": value for key, value in trial.params.items()}
    return found
