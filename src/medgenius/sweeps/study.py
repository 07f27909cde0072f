"""A study: made once, joined by every later line that says the same."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import optuna
from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import TrialState
from pydantic import TypeAdapter, ValidationError

from medgenius.config.sweeper import SweeperConfig
from medgenius.config.train import TrainConfig
from medgenius.errors import ConfigError, RunError, shown
from medgenius.files import Json
from medgenius.resume import flat, may_change
from medgenius.sweeps.choosing import pruner_of
from medgenius.sweeps.space import HERE, Space, Value
from medgenius.sweeps.storage import Place
from medgenius.sweeps.words import list_text

_FACTS = "medgenius"
"""The study's user attribute."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What all trials of a study have in common, kept with it."""

    metrics: list[str]
    directions: list[str]
    sampler: str
    """That of the line which made it"""
    pruner: str
    """Pruners of rungs keep what a trial had when it came to one, which those of another pruner lack"""
    prune_after_validations: int
    space: dict[str, str]
    """As written"""
    overrides: list[str]
    """Of the command line, those that every trial has"""
    config: dict[str, object]
    """The config that trials differ from in the space alone, by dotted keys"""
    data: str | None
    """SHA-256 of the bytes at data.path; null where the data is no file, or is searched"""
    start: list[str]
    """The words in front of the overrides of the line which made it: the program, and where its config files lie"""
    currency: str
    """Of what a trial cost"""


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked sweep: everything that a worker on another machine needs, too."""

    config: SweeperConfig
    space: Space
    base: TrainConfig
    """Of no trial: with none of the space's values"""
    options: Mapping[str, str]
    """Of `base`, for each searched group the chosen file"""
    data: str | None
    """As in Facts"""
    start: tuple[str, ...]
    """As in Facts"""
    overrides: tuple[str, ...]
    """Of every trial"""
    place: Place
    directory: Path
    """Of the study; each trial's run directory lies in it"""

    def facts(self) -> Facts:
        searched = [parameter.key for parameter in self.space.parameters]
        values = {
            key: value
            for key, value in flat(self.base).items()
            if not may_change(key) and not any(key == name or key.startswith(f"{name}.") for name in searched)
        }
        return Facts(
            metrics=list(self.config.metrics),
            directions=list(self.config.directions),
            sampler=self.config.sampler,
            pruner=self.config.pruner,
            prune_after_validations=self.config.prune_after_validations,
            space=self.space.written(),
            overrides=list(self.overrides),
            config=dict(values),
            data=self.data,
            start=list(self.start),
            currency=self.base.run.currency,
        )


def study_dir(root: str, study_name: str) -> Path:
    return Path(root).expanduser() / "studies" / study_name


def open_study(plan: Plan, storage: BaseStorage) -> Study:
    """Make the study with its first points, or join it with those that are new. Call it in `turn`.

    Raises:
        ConfigError: a study of this name asks something else; a seed trial lies outside the space.
    """
    seeds, _ = seed_points(plan)
    study = optuna.create_study(
        storage=storage,
        study_name=plan.config.study_name,
        directions=list(plan.config.directions),
        pruner=pruner_of(plan.config),
        load_if_exists=True,
    )
    found = facts_of(study)
    if found is not None:
        _refuse_another(plan, found)
        _enqueue(study, seeds)
        return study
    if any(trial.state != TrialState.WAITING for trial in study.get_trials(deepcopy=False)):
        raise ConfigError(
            f"hydra.sweeper.study_name={study.study_name}: a study of another program ({plan.place}); take another name"
        )
    if any(plan.directory.glob("[0-9]*_*")):
        raise ConfigError(
            f"hydra.sweeper.study_name={study.study_name}: {plan.directory} holds trials that {plan.place} does not "
            "know; remove the folder or take another name"
        )
    _enqueue(study, seeds)
    if plan.config.sampler == "grid":
        _enqueue(study, plan.space.grid())
    study.set_metric_names(list(plan.config.metrics))
    study.set_user_attr(_FACTS, asdict(plan.facts()))  # last: a study without it is still being made
    return study


def _enqueue(study: Study, points: Sequence[dict[str, Value]]) -> None:
    for point in points:
        study.enqueue_trial(point, skip_if_exists=True)


def facts_of(study: Study) -> Facts | None:
    """
    Raises:
        RunError: they are of another version.
    """
    stored = study.user_attrs.get(_FACTS)
    if stored is None:
        return None
    try:
        return TypeAdapter(Facts).validate_python(stored)
    except ValidationError:
        raise RunError(f"study {study.study_name} is of another version of medgenius") from None


def _refuse_another(plan: Plan, found: Facts) -> None:
    wanted = plan.facts()
    pairs: list[tuple[str, object, object]] = [
        ("hydra.sweeper.metric", wanted.metrics, found.metrics),
        ("hydra.sweeper.direction", wanted.directions, found.directions),
        ("hydra.sweeper.pruner", wanted.pruner, found.pruner),
        ("hydra.sweeper.prune_after_validations", wanted.prune_after_validations, found.prune_after_validations),
    ]
    if "grid" in {wanted.sampler, found.sampler}:  # its points are made with the study, and no others are asked
        pairs.append(("hydra.sweeper.sampler", wanted.sampler, found.sampler))
    searched = {**found.space, **wanted.space}
    pairs += [(f"{HERE}.{key}", wanted.space.get(key), found.space.get(key)) for key in searched]
    pairs += [(key, value, found.config.get(key)) for key, value in wanted.config.items() if key not in searched]
    lines = [f"{key}={_told(new)}: the study has {_told(old)}" for key, new, old in pairs if new != old]
    if wanted.data and found.data and wanted.data != found.data:
        path = flat(plan.base)["data.path"]
        lines.append(f"data.path={path}: its bytes are others than when the study began")
    if lines:
        lines[-1] += f". To ask something else, choose another hydra.sweeper.study_name than {plan.config.study_name}"
        raise ConfigError("\n".join(lines))


def _told(value: object) -> str:
    return "nothing" if value is None else str(value)


def seed_points(plan: Plan) -> tuple[list[dict[str, Value]], list[str]]:
    """The first points of the study, and what keeps the config itself from being one of them.

    Raises:
        ConfigError: a point that a person wrote lies outside the space.
    """
    config: Mapping[str, Json] = {**flat(plan.base), **plan.options}
    points, outsiders = [], []
    for written in plan.config.seed_trials:
        named = _flat(written, "")
        for key in named:
            if key not in plan.space.written():
                raise ConfigError(f"hydra.sweeper.seed_trials: {key} is not searched; there are: {_keys(plan.space)}")
        point, outside = _point(plan.space, named, config)
        if outside and named:
            raise ConfigError(f"hydra.sweeper.seed_trials: {outside}: lies outside the space")
        if outside:
            outsiders.append(f"the config itself is not tried first: {outside} lies outside the space")
        else:
            points.append(point)
    return points, outsiders


def _point(
    space: Space, named: Mapping[str, object], config: Mapping[str, Json]
) -> tuple[dict[str, Value], str | None]:
    """The values, and the first that the space does not hold."""
    point: dict[str, Value] = {}
    for parameter in space.parameters:
        if not parameter.is_active(point):
            continue
        value = named[parameter.key] if parameter.key in named else config.get(parameter.key)
        if isinstance(value, list | tuple):
            value = list_text(parameter.key, value)
        if not isinstance(value, None | bool | int | float | str) or not parameter.holds(value):
            return point, f"{parameter.key}={shown(value)}"
        point[parameter.key] = value
    return point, None


def _flat(values: Mapping[str, object], prefix: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in values.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return found


def _keys(space: Space) -> str:
    return ", ".join(space.written())


def trial_overrides(plan: Plan, chosen: Mapping[str, Value]) -> Sequence[str]:
    """What a person would type to run this trial alone."""
    return [*plan.overrides, *plan.space.overrides(chosen)]
