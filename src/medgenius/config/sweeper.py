"""conf/hydra/sweeper/optuna.yaml: a study, its search space, and how its trials are chosen, stopped and kept."""

import importlib.util
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from medgenius.config.duration import Duration
from medgenius.config.fields import AlsoCalled, Root, Schema
from medgenius.config.places import FolderName
from medgenius.config.suggest import nearest
from medgenius.errors import ConfigError

AT_EACH_VALIDATION = ("validation/loss", "validation/perplexity")
"""Metrics that a run gives again and again; a pruner needs one of these."""
AT_THE_END = (
    "train/loss",
    "validation_loss_before",
    "seconds",
    "cost",
    "steps",
    "target_tokens",
    "real_tokens",
    "tokens_per_second",
    "peak_memory_bytes",
    "trainable_parameters",
    "answers_cut",
)
"""Metrics that a run has when it has finished: its last training loss, and the numbers of summary.json."""
NO_NUMBERS = ("status", "error", "model")
"""What summary.json says in words."""

Direction = Literal["minimize", "maximize"]
Pruner = Literal["median", "halving", "hyperband", "wilcoxon", "none"]
_NEEDS = {"gp": ("scipy",), "cmaes": ("cmaes",), "wilcoxon": ("scipy",)}
"""Packages beyond Optuna that a choice needs."""


class SweeperConfig(Schema):
    study_name: Annotated[FolderName, AlsoCalled("study", "name")]
    """The same name on the same storage is the same study: a line that is typed again joins or resumes it."""
    storage: Annotated[str | None, AlsoCalled("storage_url", "url", "database", "db")]
    """sqlite:///file, journal:///file or postgresql://user@host/database; null: `study.db` in the study's folder, which
    is `<run.root>/studies/<study_name>`."""
    n_trials: Annotated[int, Field(gt=0), AlsoCalled("trials", "num_trials", "n")]
    """Trials of the whole study that have ended (complete, pruned or failed), whoever ran them."""
    metric: Annotated[str | list[str], AlsoCalled("metrics", "objective", "objectives", "monitor")]
    """What is searched for; several give a Pareto set."""
    direction: Annotated[Direction | list[Direction], AlsoCalled("directions", "mode")]
    """Of each metric."""
    sampler: Annotated[Literal["tpe", "gp", "cmaes", "random", "grid"], AlsoCalled("algorithm")]
    """tpe: multivariate. gp and cmaes need `medgenius[sweep]`. cmaes: numbers only, choices are drawn at random.
    grid: every combination once."""
    startup_trials: Annotated[int, Field(ge=0), AlsoCalled("n_startup_trials")]
    """Trials of the study that are drawn at random before the sampler makes a model of them."""
    pruner: Annotated[Pruner, AlsoCalled("pruning", "early_stopping")]
    """Who ends a trial early, asked after each validation. halving: asynchronous successive halving (Li et al. 2020,
    arXiv:1810.05934), which lets the best quarter of all trials go on at the 1st, 4th, 16th ... validation, or
    the first after prune_after_validations."""
    prune_after_trials: Annotated[int, Field(ge=0), AlsoCalled("pruner_startup_trials")]
    """median: complete trials of the study before any is pruned."""
    prune_after_validations: Annotated[int, Field(ge=0), AlsoCalled("n_warmup_steps", "warmup")]
    """Validations of a trial before it may be pruned."""
    space: Annotated[dict[str, object], AlsoCalled("search_space", "params", "parameters")]
    """Key of the config -> its values in Hydra's words: choice(8, 16), range(1, 6), interval(0.0, 0.1),
    log(interval(1e-5, 2e-3)), int(interval(1, 64)), or a list; nested or with dots. With a condition: values and
    `when`, a mapping of other searched keys to the value, or list of values, under which this key is searched."""
    seed_trials: Annotated[list[dict[str, object]], AlsoCalled("enqueue", "initial_points")]
    """Tried first: key -> value; keys left out have the value of the config, so {} is the config itself."""
    seed: Annotated[int, Field(ge=0, lt=2**32), AlsoCalled("random_seed")]
    """Of the sampler. Each trial draws from the seed and its own number, so nothing is drawn twice after a restart."""
    timeout: Annotated[Duration | None, AlsoCalled("max_time")]
    """No trial begins later than this after the start of this process; null: no limit."""
    max_failures: Annotated[int, Field(gt=0), AlsoCalled("max_errors", "max_failure_rate")]
    """So many failed trials in a row end a worker."""
    retries: Annotated[int, Field(ge=0), AlsoCalled("max_retry", "max_retries")]
    """How often a trial whose process was killed goes on from its checkpoint before it counts as failed."""
    heartbeat: Annotated[Duration, AlsoCalled("heartbeat_interval")]
    """Between signs of life of a running trial. Another machine's trial that gave none for five of these is taken over;
    one of this machine's as soon as its process is gone."""
    workers: Annotated[Literal["auto"] | Annotated[int, Field(gt=0)], AlsoCalled("n_jobs", "num_workers")]
    """Jobs that Hydra's launcher is given; each takes trials until there are no more. auto: hydra.launcher.n_jobs where
    the launcher has that and it is positive, else 1."""

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,) if isinstance(self.metric, str) else tuple(self.metric)

    @property
    def directions(self) -> tuple[Direction, ...]:
        return (self.direction,) if isinstance(self.direction, str) else tuple(self.direction)

    @field_validator("metric")
    @classmethod
    def _is_a_metric(cls, value: str | list[str]) -> str | list[str]:
        names = [value] if isinstance(value, str) else value
        known = AT_EACH_VALIDATION + AT_THE_END
        for name in names:
            if name in NO_NUMBERS:
                raise ValueError(f"{name} is no number, so nothing can be searched for by it")
            if name not in known:
                meant = nearest(name, known)
                hint = f"did you mean {meant}?" if meant else f"there are: {', '.join(known)}"
                raise ValueError(f"a run produces no metric {name}: {hint}")
        if not names or len(set(names)) < len(names):
            raise ValueError("one metric, or several different ones")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        metrics, directions = self.metrics, self.directions
        if len(metrics) != len(directions):
            raise ValueError(
                f"hydra.sweeper.direction has {len(directions)} entries for {len(metrics)} of hydra.sweeper.metric"
            )
        if self.sampler == "cmaes" and len(metrics) > 1:
            raise ValueError(
                "hydra.sweeper.sampler=cmaes searches by one metric; with several: tpe, gp, random or grid"
            )
        if self.pruner != "none" and len(metrics) > 1:
            raise ValueError(f"hydra.sweeper.pruner={self.pruner} judges one metric; with several: pruner=none")
        if self.pruner != "none" and metrics[0] not in AT_EACH_VALIDATION:
            raise ValueError(
                f"hydra.sweeper.pruner={self.pruner} needs a metric of each validation "
                f"({' or '.join(AT_EACH_VALIDATION)}), not {metrics[0]}: use pruner=none"
            )
        return self


class _Hydra(Schema):
    sweeper: SweeperConfig


class Sweep(Root):
    """The sweeper's part of a composed config, under the keys that a person types."""

    file: ClassVar[str] = "train"

    hydra: _Hydra

    def check_machine(self) -> None:
        sweeper = self.hydra.sweeper
        for key, choice in (("sampler", sweeper.sampler), ("pruner", sweeper.pruner)):
            for package in _NEEDS.get(choice, ()):
                if importlib.util.find_spec(package) is None:
                    raise ConfigError(
                        f"hydra.sweeper.{key}={choice}: the package {package} is not installed: "
                        "type `pip install 'medgenius[sweep]'`"
                    )
