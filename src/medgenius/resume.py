"""Which run a command line means, and with which config: a new one, or one that goes on."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from omegaconf import OmegaConf

from medgenius.config.launch import Launch
from medgenius.config.train import TrainConfig
from medgenius.errors import ConfigError
from medgenius.files import Json
from medgenius.runs import Run, read_config, run_path

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
    "trainer.activation_checkpointing",
    "trainer.checkpoint_every",
    "trainer.keep_checkpoints",
)
"""Keys, and groups of them, that a resumed run may set anew. `trainer.tokens_per_pass` and
`trainer.activation_checkpointing` are among them so that a run which lacked memory can go on; the bytes of its adapter
are then no longer those of an untouched run."""


def chosen_run(config: TrainConfig, launch: Launch) -> Run | None:
    """The run that this command line goes on with; None where it starts a new one.

    Raises:
        ConfigError: each job of a multirun would go on with one and the same.
    """
    wanted = config.run.resume
    if wanted is None:
        return None
    if wanted == "auto":
        path = run_path(config.run, launch)
        return Run(path.resolve(), path.name) if path.exists() else None
    if launch.sweep_dir is not None:
        raise ConfigError(f"run.resume={wanted} goes on with one run: leave -m away, or say run.resume=auto")
    path = Path(wanted).expanduser()
    return Run(path.resolve(), path.name)


def config_of(run: Run, config: TrainConfig, launch: Launch) -> TrainConfig:
    """The config with which a run goes on: its own, with what the command line may change of it.

    Raises:
        RunError: there is no such run.
        ConfigError: what the command line sets differs from the run's config in keys that can't change.
    """
    wanted = config.run.resume
    if wanted == "auto" and _is_untouched(run):
        return config
    stored = read_config(run)
    given = flat(config)
    named = list(given) if wanted == "auto" else _named(launch.overrides, given)
    if lines := differences(flat(stored), {key: given[key] for key in named}):
        raise ConfigError("\n".join(f"{line}, and goes on with that ({run.path})" for line in lines))
    return _with_changes(stored, given, [key for key in named if may_change(key)])


def _is_untouched(run: Run) -> bool:
    """Whether the process that made the directory ended before it had written its config."""
    return run.path.is_dir() and all(
        file == run.lock or file.name.startswith(f".{run.config.name}.") for file in run.path.iterdir()
    )


def has_finished(run: Run) -> bool:
    try:
        summary = json.loads(run.summary.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(summary, dict) and summary.get("status") == "finished"


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
