"""From a composed config to a checked plan: every mistake is told before the first trial."""

from collections.abc import Callable, Mapping, Sequence

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
"""From overrides to what Hydra composes."""


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


def make_plan(composed: DictConfig, arguments: Sequence[str], load: Load) -> Plan:
    """
    Args:
        composed: Hydra's config of the multirun
        arguments: the overrides of the command line that are not Hydra's own

    Raises:
        ConfigError: anything that would stop a trial.
    """
    settings = read_settings(composed)
    if (found := found_place()) and found[0].processes > 1:
        raise ConfigError(f"-m under {found[1]}: leave {found[1]} out; a study's workers are started one by one")
    fixed, searched = split_line(arguments)
    space = read_space(settings.space, fixed, searched)
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
    plan = Plan(settings, space, base, tuple(fixed), place_of(settings.storage, directory), directory)
    for line in seed_points(plan)[1]:
        print(line, flush=True)
    return plan


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
