"""A sweep from its command line: the plan, workers through Hydra's launcher, and what the study came to."""

import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn
from hydra.errors import HydraException
from hydra.types import HydraContext
from omegaconf import DictConfig, flag_override
from omegaconf.errors import OmegaConfBaseException

from medgenius.config.app import start_words
from medgenius.config.arguments import quoted
from medgenius.config.sweeper import SweeperConfig
from medgenius.config.train import TrainConfig
from medgenius.errors import MedGeniusError
from medgenius.sweeps.planning import config_with, make_plan
from medgenius.sweeps.study import Plan


@dataclass(frozen=True, slots=True)
class Job:
    """What a launcher runs, here or on another machine: one worker of the study."""

    plan: Plan
    context: HydraContext
    config: DictConfig
    """Hydra's, of the multirun"""

    def __call__(self, _composed: DictConfig) -> MedGeniusError | None:
        """Gives the error that ended the worker: raised, Hydra would add lines of its own to it."""
        from medgenius.model.libraries import import_unsloth, quiet_libraries  # noqa: PLC0415  they come first

        quiet_libraries()
        if self.plan.base.model.backend == "unsloth":
            import_unsloth()
        from medgenius.sweeps.worker import start_worker  # noqa: PLC0415

        try:
            start_worker(self.plan, self.compose).work()
        except MedGeniusError as error:
            return error
        return None

    def load(self, overrides: Sequence[str]) -> DictConfig:
        return self.context.config_loader.load_sweep_config(self.config, list(overrides))

    def compose(self, overrides: Sequence[str]) -> TrainConfig:
        return config_with(self.load, overrides)


def sweep(context: HydraContext, config: DictConfig, arguments: list[str]) -> list[JobReturn]:
    """Begin the study, join it or go on with it.

    Raises:
        MedGeniusError: what a person can mend.
    """
    try:
        plan = make_plan(
            config,
            arguments,
            lambda overrides: context.config_loader.load_sweep_config(config, list(overrides)),
            start_words(),
        )
        return _launch(plan, Job(plan, context, config))
    except (MedGeniusError, HydraException, OmegaConfBaseException):
        raise
    except Exception:
        # A fault of ours. What Hydra's caller gets from here on it takes for a mistake in the command line.
        traceback.print_exc()
        sys.exit(1)


def _launch(plan: Plan, job: Job) -> list[JobReturn]:
    from medgenius.sweeps.ending import say_beginning, say_end  # noqa: PLC0415  Optuna is not for refusals

    directory = f"hydra.sweep.dir={quoted(str(plan.directory))}"
    with flag_override(job.config, ["struct", "readonly"], [False, False]):
        job.config.hydra.sweep.dir = str(plan.directory)
    launcher = Plugins.instance().instantiate_launcher(hydra_context=job.context, task_function=job, config=job.config)
    say_beginning(plan)
    jobs = launcher.launch([[*plan.overrides, directory]] * _workers(plan.config, job.config), initial_job_idx=0)
    try:
        for done in jobs:
            if error := done.return_value:  # asking raises what else ended the worker
                raise error
    finally:
        study = say_end(plan)
        if plan.base.tracking.mode != "off":
            from medgenius.sweeps.tracking import tell_wandb  # noqa: PLC0415  it loads what training needs

            tell_wandb(plan, study)
    return list(jobs)


def _workers(settings: SweeperConfig, config: DictConfig) -> int:
    if settings.workers != "auto":
        return settings.workers
    jobs = config.hydra.launcher.n_jobs if "n_jobs" in config.hydra.launcher else 1
    return jobs if isinstance(jobs, int) and jobs > 0 else 1
