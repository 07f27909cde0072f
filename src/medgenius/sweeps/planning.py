"""From a composed config to a checked plan: every mistake is told before the first trial."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from medgenius.config.app import translated
from medgenius.config.launch import found_place
from medgenius.config.sweeper import Sweep, SweeperConfig
from medgenius.config.train import TrainConfig
from medgenius.config.validate import to_config
from medgenius.errors import ConfigError
from medgenius.sweeps.reading import read_space, split_line
from medgenius.sweeps.space import Parameter, Space, Value
from medgenius.sweeps.storage import place_of
from medgenius.sweeps.study import Plan, seed_points, study_dir

Load = Callable[[Sequence[str]], DictConfig]
"""From overrides to what Hydra composes, its own settings too."""


def read_settings(composed: DictConfig) -> SweeperConfig:
    """hydra.sweeper as a typed config.

    Raises:
        ConfigError: a wrong key or value in it, or another verb than train.
    """
    if composed.hydra.job.config_name != TrainConfig.file:
        raise ConfigError(f"hydra/sweeper=optuna: a study trains; {composed.hydra.job.config_name} is another verb")
    values = OmegaConf.to_container(composed.hydra.sweeper, resolve=True)
    assert isinstance(values, dict)
    values.pop("_target_")
    return to_config(OmegaConf.create({"hydra": {"sweeper": values}}), Sweep).hydra.sweeper


def make_plan(composed: DictConfig, arguments: Sequence[str], load: Load, start: Sequence[str]) -> Plan:
    """
    Args:
        composed: Hydra's config of the multirun
        arguments: the overrides of the command line that are not Hydra's own
        start: the words in front of the overrides

    Raises:
        ConfigError: anything that would stop a trial.
    """
    settings = read_settings(composed)
    if (found := found_place()) and found[0].processes > 1:
        raise ConfigError(f"-m under {found[1]}: leave {found[1]} out; a study's workers are started one by one")
    typed = [str(text) for text in OmegaConf.to_container(composed.hydra.overrides.hydra, resolve=False) or ()]
    _refuse_what_a_study_has_its_own_of(settings, composed, typed)
    fixed, searched = split_line(arguments)
    space = read_space(settings.space, typed, fixed, searched)
    base = config_with(load, fixed)
    if base.run.name is not None or base.run.resume is not None:
        raise ConfigError("run.name and run.resume belong to one run; a study has hydra.sweeper.study_name")
    if base.trainer.processes > 1:
        raise ConfigError(
            f"trainer.devices={base.trainer.devices}: a trial is one process here; for more at a time start more "
            "workers (the same line again, or hydra.sweeper.workers with a launcher)"
        )
    if settings.sampler == "grid":
        space.grid()
    for parameter in space.parameters:
        for value in parameter.corners():
            _check(lambda chosen: _config_at(load, fixed, base, space, chosen), space, parameter, value)
    directory = study_dir(base.run.root, settings.study_name)
    plan = Plan(
        config=settings,
        space=space,
        base=base,
        options=_options(load(fixed), space),
        data=data_digest(base, space),
        start=tuple(start),
        overrides=tuple(fixed),
        place=place_of(settings.storage, directory),
        directory=directory,
    )
    for line in seed_points(plan)[1]:
        print(line, flush=True)
    return plan


def _refuse_what_a_study_has_its_own_of(settings: SweeperConfig, composed: DictConfig, typed: Sequence[str]) -> None:
    """
    Raises:
        ConfigError: another folder than the study's, or workers that nothing would run side by side.
    """
    for override in typed:
        key = re.split("[=@]", override.lstrip("+~"), maxsplit=1)[0]
        if key == "hydra.sweep" or key.startswith("hydra.sweep."):
            raise ConfigError(
                f"{override}: a study lies in <run.root>/studies/<study_name>: "
                "set run.root and hydra.sweeper.study_name instead"
            )
    workers = settings.workers
    if workers != "auto" and workers > 1 and composed.hydra.runtime.choices["hydra/launcher"] == "basic":
        raise ConfigError(
            f"hydra.sweeper.workers={workers}: Hydra's basic launcher runs one after the other: "
            "add hydra/launcher=joblib, or type the line again in another terminal"
        )


def _options(composed: DictConfig, space: Space) -> dict[str, str]:
    """The file that is chosen in each searched group."""
    chosen = composed.hydra.runtime.choices
    keys = [parameter.key for parameter in space.parameters]
    return {key: str(chosen[key]) for key in keys if key in chosen and chosen[key] is not None}


def data_digest(base: TrainConfig, space: Space) -> str | None:
    """SHA-256 of the data file; None where the data is no file, or is searched.

    Raises:
        ConfigError: it can't be read.
    """
    data = base.data
    if data.source != "file" or {"data", "data.path"} & {parameter.key for parameter in space.parameters}:
        return None
    try:
        with Path(data.path).expanduser().open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ConfigError(f"data.path={data.path}: can't be read: {error.strerror}") from None


def config_with(load: Load, overrides: Sequence[str]) -> TrainConfig:
    """
    Raises:
        ConfigError: as the command line of a single run would say it.
    """
    try:
        composed = load(overrides)
        values = OmegaConf.masked_copy(composed, [str(key) for key in composed if key != "hydra"])
        return to_config(values, TrainConfig)
    except (HydraException, OmegaConfBaseException) as error:
        raise translated(error, TrainConfig) from None


def _config_at(
    load: Load, fixed: Sequence[str], base: TrainConfig, space: Space, chosen: Mapping[str, Value]
) -> TrainConfig:
    """The config of a trial. Plain values are put into the base, which is far quicker than composing it again."""
    overrides = space.overrides(chosen)
    if set(overrides) != {f"{key}={value!r}" for key, value in chosen.items() if "." in key}:
        return config_with(load, [*fixed, *overrides])
    values = OmegaConf.create(base.model_dump())
    for key, value in chosen.items():
        OmegaConf.update(values, key, value, force_add=True)
    return to_config(values, TrainConfig)


def _check(at: Callable[[Mapping[str, Value]], TrainConfig], space: Space, parameter: Parameter, value: Value) -> None:
    """A trial at an end of the space, with what its condition asks for."""
    by_key = {other.key: other for other in space.parameters}
    needed: dict[str, Value] = {}
    waiting = dict(parameter.when)
    while waiting:
        key, values = waiting.popitem()
        needed[key] = values[0]
        waiting |= by_key[key].when
    try:
        at({**needed, parameter.key: value})
    except ConfigError as error:
        whole = " (whole numbers: range(…) or int(interval(…)))" if "valid integer" in str(error) else ""
        raise ConfigError(f"hydra.sweeper.space.{parameter.key}={parameter.text}: {error}{whole}") from None
