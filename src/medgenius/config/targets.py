"""What a config may name as code: a list of exact names. Whatever else names some is refused before it is imported.

Hydra imports and calls what stands under `_target_` in `hydra.callbacks`, `hydra.launcher` and `hydra.sweeper`, and
Python's logging what stands under `class` and `()`. Both follow attributes, so that a prefix would allow everything:
`logging.os.system` begins with `logging.`.
"""

import os
import re
from collections.abc import Iterator, Sequence
from typing import Final

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import RunMode
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import InterpolationToMissingValueError

from medgenius.errors import ConfigError, shown

_CALLBACKS: Final = frozenset(
    {
        "medgenius.sweeps.multirun.MultirunCallback",
        "hydra.experimental.callbacks.LogJobReturnCallback",
        "hydra.experimental.callbacks.PickleJobInfoCallback",  # writes pickles, reads none
    }
)
_LOGGING: Final = frozenset(
    {
        "logging.FileHandler",
        "logging.Formatter",
        "logging.NullHandler",
        "logging.StreamHandler",
        "logging.handlers.RotatingFileHandler",
        "logging.handlers.TimedRotatingFileHandler",
        "logging.handlers.WatchedFileHandler",
        "colorlog.ColoredFormatter",
        "rich.logging.RichHandler",
    }
)
_STREAMS: Final = frozenset({"ext://sys.stdout", "ext://sys.stderr"})
_ENVIRONMENT: Final = frozenset(
    {
        "CUDA_VISIBLE_DEVICES",
        "HF_HUB_OFFLINE",
        "MKL_NUM_THREADS",
        "OMP_NUM_THREADS",
        "RAYON_NUM_THREADS",
        "TOKENIZERS_PARALLELISM",
        "WANDB_MODE",
    }
)
"""Variables that `hydra.job.env_set` may set. Others (PYTHONPATH, LD_PRELOAD, CXX) decide which code is run."""
_CALLED: Final = ("hydra.callbacks", "hydra.launcher", "hydra.sweeper", "hydra.job_logging", "hydra.hydra_logging")
"""What Hydra makes objects of."""
_PACKAGES: Final = frozenset({"hydra", "hydra_plugins", "medgenius"})
"""Packages that may hold config files: Hydra imports them."""
_DEEPEST: Final = 8


def guard_composition() -> None:
    """Have every config that Hydra composes in this process checked, those of the jobs of a multirun too.

    Hydra offers no place between composing and calling, so its loader is wrapped.
    """
    original = ConfigLoaderImpl.load_configuration
    if getattr(original, "checks_targets", False):
        return

    def load_configuration(  # noqa: PLR0913, PLR0917  Hydra's signature
        self: ConfigLoaderImpl,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
    ) -> DictConfig:
        _refuse_foreign_packages(self, config_name, overrides)
        config = original(self, config_name, overrides, run_mode, from_shell, validate_sweep_overrides)
        refuse_foreign_code(config)
        return config

    load_configuration.checks_targets = True  # type: ignore[attr-defined]
    ConfigLoaderImpl.load_configuration = load_configuration  # type: ignore[method-assign]


def _refuse_foreign_packages(loader: ConfigLoaderImpl, config_name: str | None, overrides: Sequence[str]) -> None:
    """`pkg://name` in a search path imports that package in order to look for files in it."""
    paths = [entry.path for entry in loader.get_search_path().get_path()]
    paths += [text for text in overrides if text.lstrip("+~").startswith("hydra.searchpath")]
    primary = loader.repository.load_config(config_name) if config_name else None
    if primary is not None and isinstance(primary.config, DictConfig):
        paths.append(str(OmegaConf.select(primary.config, "hydra.searchpath", throw_on_resolution_failure=False)))
    for path in paths:
        for package in re.findall(r"pkg://([^./,'\"\]\s]*)", path or ""):
            if package not in _PACKAGES:
                raise ConfigError(f"hydra.searchpath: pkg://{shown(package)} would import that package: name a folder")


def refuse_foreign_code(config: DictConfig) -> None:
    """
    Raises:
        ConfigError: a value, at any depth, names code that is not on the list, or could come to do so.
    """
    plugins = Plugins.instance()
    found = [*plugins.discover(Launcher), *plugins.discover(Sweeper)]
    targets = _CALLBACKS | {f"{kind.__module__}.{kind.__qualname__}" for kind in found}
    try:
        for path, value in _values(config, "", depth=0):
            _refuse_value(path, value, targets)
    except RecursionError:
        raise ConfigError("the config is nested too deeply") from None


def _values(node: DictConfig | ListConfig, path: str, depth: int) -> Iterator[tuple[str, object]]:
    """Every value below a node under its dotted path; Hydra's own as they are once they are resolved.

    Args:
        depth: interpolations that led here
    """
    if depth > _DEEPEST:
        raise ConfigError(f"{shown(path)}: refers to itself")
    yield from _plain_values(OmegaConf.to_container(node, resolve=False), node, path, depth)


def _plain_values(raw: object, node: DictConfig | ListConfig, path: str, depth: int) -> Iterator[tuple[str, object]]:
    items = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    for key, value in items:
        name = f"{path}.{key}" if path else str(key)
        if isinstance(value, str) and "${" in value and _is_below(name, "hydra"):
            resolved = _resolved(node, key, name)
            yield name, resolved
            made = OmegaConf.create(resolved) if isinstance(resolved, dict | list) else resolved  # by a resolver
            if isinstance(made, DictConfig | ListConfig):
                yield from _values(made, name, depth + 1)
            continue
        yield name, value
        if isinstance(value, dict | list):
            inner = node[key]
            assert isinstance(inner, DictConfig | ListConfig)
            yield from _plain_values(value, inner, name, depth)


def _resolved(node: DictConfig | ListConfig, key: object, name: str) -> object:
    try:
        return node[key]  # type: ignore[index]
    except InterpolationToMissingValueError:
        return None  # a number or a folder that Hydra fills in when a job begins
    except Exception as error:  # resolvers raise what they like
        if any(_is_below(name, called) for called in _CALLED):
            cause = shown(str(error).partition("\n")[0])
            raise ConfigError(f"{shown(name)}: what stands there can't be known before a job begins: {cause}") from None
        return None


def _is_below(name: str, path: str) -> bool:
    return name == path or name.startswith(f"{path}.")


def _refuse_value(path: str, value: object, targets: frozenset[str]) -> None:
    above, _, key = path.rpartition(".")
    logging = _is_below(above, "hydra.job_logging") or _is_below(above, "hydra.hydra_logging")
    if key == "_target_":
        _refuse_others(path, value, targets, "Hydra's own plugins, installed hydra_plugins and MedGenius's callbacks")
    elif logging and key in {"class", "()", "factory"}:
        _refuse_others(path, value, _LOGGING, "the usual handlers and formatters")
    elif logging and isinstance(value, str) and value.startswith("ext://"):
        _refuse_others(path, value, _STREAMS, "sys.stdout and sys.stderr")
    elif above == "hydra.job.env_set" and key not in _ENVIRONMENT and value != os.environ.get(key):
        raise ConfigError(f"{shown(path)}: may not be set here, it could choose what code is run: set it outside")


def _refuse_others(path: str, value: object, allowed: frozenset[str], what: str) -> None:
    if not isinstance(value, str) or value not in allowed:
        raise ConfigError(f"{shown(path)}={shown(value)}: names code; allowed are {what} alone")
