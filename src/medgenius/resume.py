"""Which run a command line means, and with which config: a new one, or one that goes on."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

from medgenius.config.launch import Launch
from medgenius.config.train import TrainConfig
from medgenius.errors import ConfigError, RunError
from medgenius.runs import Json, Run, create_run, run_path

MAY_CHANGE = (
    "run",
    "data.path",  # what lies there is compared instead
    "tracking.mode",
    "tracking.project",
    "tracking.entity",
    "tracking.group",
    "tracking.job_type",
    "tracking.tags",
    "trainer.tokens_per_pass",
    "trainer.checkpoint_every",
    "trainer.keep_checkpoints",
)
"""Keys, and groups of them, that a resumed run may set anew. `trainer.tokens_per_pass` is among them so that a run
which lacked memory can go on; the bytes of its adapter are then no longer those of an untouched run."""


def open_run(config: TrainConfig, launch: Launch) -> tuple[TrainConfig, Run]:
    """The run that this command line starts or goes on with, and the config that holds for it.

    Raises:
        RunError: there is no such run, or the directory of a new one cannot be made.
        ConfigError: what the command line sets differs from the run's config in keys that can't change.
    """
    wanted = config.run.resume
    if wanted is None:
        return config, create_run(config.run, launch)
    path = run_path(config.run, launch) if wanted == "auto" else Path(wanted).expanduser()
    if wanted == "auto" and not path.exists():
        return config, create_run(config.run, launch)
    run = Run(path.resolve(), path.name)
    if wanted == "auto" and all(file == run.lock for file in run.path.iterdir()):
        return config, run  # it ended before it had written its config
    if launch.sweep_dir is not None and wanted != "auto":
        raise ConfigError(f"run.resume={wanted} goes on with one run: leave -m away, or say run.resume=auto")
    stored = read_config(run)
    given = flat(config)
    named = list(given) if wanted == "auto" else _named(launch.overrides, given)
    if lines := differences(flat(stored), {key: given[key] for key in named}):
        raise ConfigError("\n".join(f"{line}, and goes on with that ({path})" for line in lines))
    merged = _with_changes(stored, given, [key for key in named if may_change(key)])
    merged.check_machine()
    return merged, run


def has_finished(run: Run) -> bool:
    try:
        summary = json.loads(run.summary.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(summary, dict) and summary.get("status") == "finished"


def read_config(run: Run) -> TrainConfig:
    """
    Raises:
        RunError: config.yaml is missing, damaged or of another version.
    """
    try:
        values = OmegaConf.to_container(OmegaConf.load(run.config))
        return TrainConfig.model_validate(values)
    except FileNotFoundError:
        raise RunError(f"{run.path} is no run directory: it has no {run.config.name}") from None
    except ValidationError as error:
        detail = error.errors()[0]
        key = ".".join(str(part) for part in detail["loc"])
        raise RunError(f"{run.config} is of another version: {key}: {detail['msg'].lower()}") from None
    except (OSError, ValueError, OmegaConfBaseException) as error:
        raise RunError(f"{run.config} can't be read: {str(error).splitlines()[0]}") from None


def flat(config: TrainConfig) -> dict[str, Json]:
    """Every value under its dotted key."""
    return _flat(config.model_dump(), "")


def _flat(values: Mapping[str, Json], prefix: str) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in values.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return found


def may_change(key: str) -> bool:
    return any(key == free or key.startswith(f"{free}.") for free in MAY_CHANGE)


def differences(stored: Mapping[str, Json], given: Mapping[str, Json]) -> list[str]:
    """A line for each key of `given` that says other than `stored` and can't change."""
    return [
        f"{key}={_text(value)}: the run has {_text(stored[key]) if key in stored else 'no such key'}"
        for key, value in given.items()
        if not may_change(key) and (key not in stored or stored[key] != value)
    ]


def _text(value: Json) -> str:
    return "null" if value is None else str(value)


def _named(overrides: Sequence[str], keys: Collection[str]) -> list[str]:
    """The keys that overrides set: one, a whole group (`model=tiny`), or all where an experiment was chosen."""
    chosen = {re.split("[=@]", override.lstrip("+~"), maxsplit=1)[0] for override in overrides}
    chosen = {name for name in chosen if not name.startswith("hydra")}
    if "experiment" in chosen:
        return list(keys)
    return [key for key in keys if any(key == name or key.startswith(f"{name}.") for name in chosen)]


def _with_changes(stored: TrainConfig, given: Mapping[str, Json], keys: Sequence[str]) -> TrainConfig:
    values = OmegaConf.create(stored.model_dump())
    for key in keys:
        OmegaConf.update(values, key, given[key])
    return TrainConfig.model_validate(OmegaConf.to_container(values))
