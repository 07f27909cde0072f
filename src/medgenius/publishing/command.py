"""The command that trains a run again: its config as overrides of the shipped one."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from omegaconf import DictConfig, OmegaConf

from medgenius.config.app import config_dir
from medgenius.config.train import TrainConfig
from medgenius.publishing.repositories import is_repository

_ELSEWHERE: Final = {"run", "tracking"}
"""Where a run lies and how it is tracked changes nothing of the result."""
_PLAIN: Final = re.compile(r"[\w./%:+-]+")
"""What Hydra reads as a string without quotation marks, and also a number or a word as such"""

Values = Mapping[str, object]


def training_command(config: TrainConfig) -> str:
    """`python train.py ...` with what differs from conf/; of a local file or folder, only the name is told."""
    return shlex.join(["python", "train.py", *overrides(config)])


def overrides(config: TrainConfig) -> list[str]:
    """The shortest found: for each group the choice that is nearest, then the values that differ from it."""
    values = config.model_dump()
    chosen = _defaults()
    found: list[str] = []
    for group in [name for name in values if name not in _ELSEWHERE and isinstance(values[name], Mapping)]:
        wanted = dict(_leaves(group, values[group]))
        by_choice = {choice: _differing(wanted, _group(group, choice)) for choice in _choices(group)}
        nearest = min(by_choice, key=lambda choice: (len(by_choice[choice]), choice != chosen[group], choice))
        found += [] if nearest == chosen[group] else [f"{group}={nearest}"]
        found += by_choice[nearest]
    default_seed = _load(config_dir() / "train.yaml")["seed"]
    return found if config.seed == default_seed else [*found, f"seed={config.seed}"]


def _defaults() -> dict[str, str]:
    listed = OmegaConf.to_container(_load(config_dir() / "train.yaml")["defaults"])
    assert isinstance(listed, list)
    return {str(group): str(choice) for entry in listed if isinstance(entry, dict) for group, choice in entry.items()}


def _choices(group: str) -> list[str]:
    return sorted(file.stem for file in (config_dir() / group).glob("*.yaml"))


def _group(group: str, choice: str) -> dict[str, object]:
    """The leaves of conf/<group>/<choice>.yaml over those of the files that it builds on."""
    loaded = _load(config_dir() / group / f"{choice}.yaml")
    leaves: dict[str, object] = {}
    for parent in loaded.pop("defaults", []):
        if parent != "_self_":
            leaves |= _group(group, str(parent))
    return leaves | dict(_leaves(group, OmegaConf.to_container(loaded)))


def _load(file: Path) -> DictConfig:
    loaded = OmegaConf.load(file)
    assert isinstance(loaded, DictConfig)
    return loaded


def _leaves(key: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(f"{key}.{name}", inner)
    else:
        yield key, value


def _differing(wanted: Values, have: Values) -> list[str]:
    """Overrides from one to the other; a choice that lacks or has other keys differs in each."""
    foreign = [f"~{key}" for key in have if key not in wanted]
    return foreign + [_override(key, value) for key, value in wanted.items() if key not in have or have[key] != value]


def _override(key: str, value: object) -> str:
    if key == "data.path" or (key in {"model.repository", "data.name"} and not is_repository(str(value))):
        value = Path(str(value)).name  # where it lies here is nobody's matter
    return f"{key}={_written(value)}"


def _written(value: object) -> str:
    """A value in the grammar of Hydra's overrides."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case list():
            return f"[{','.join(_written(part) for part in value)}]"
        case str():
            # What YAML reads as text, Hydra does: no number, no truth value, no null.
            is_text = _PLAIN.fullmatch(value) and OmegaConf.to_container(OmegaConf.create(f"- {value}")) == [value]
            # Hydra reads a backslash as such, except before a quotation mark.
            return value if is_text else "'" + re.sub(r"(\\*)('|\Z)", _escaped, value) + "'"
        case _:
            return repr(value)


def _escaped(found: re.Match[str]) -> str:
    return found[1] * 2 + ("\\'" if found[2] else "")
