"""From Hydra's composed values to a typed config, and from every refusal to one line that names the key."""

from typing import TypeVar

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError, MissingMandatoryValue, OmegaConfBaseException
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from medgenius.config.fields import Root
from medgenius.config.suggest import did_you_mean
from medgenius.errors import ConfigError

R = TypeVar("R", bound=Root)


def to_config(composed: DictConfig, schema: type[R]) -> R:
    """Check the composed values and freeze them.

    Raises:
        ConfigError: an unknown key, a wrong type or value, a missing file or an impossible combination.
    """
    try:
        values = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except MissingMandatoryValue as error:
        key = error.full_key or "?"
        raise ConfigError(f"{key} is needed here and has no default: add {key}=…") from None
    except InterpolationKeyError as error:
        raise ConfigError(f"{error.full_key}: {str(error).splitlines()[0]}") from None
    except OmegaConfBaseException as error:
        raise ConfigError(str(error).splitlines()[0]) from None
    try:
        config = schema.model_validate(values)
    except ValidationError as error:
        raise ConfigError("\n".join(_line(detail, schema) for detail in error.errors())) from None
    config.check_machine()
    return config


def unknown_key(key: str, schema: type[Root]) -> ConfigError:
    """The error for a key that no schema has, with the one that was probably meant."""
    meant = did_you_mean(key, schema)
    if meant == key:
        return ConfigError(f"{key} has no meaning for the chosen {key.partition('.')[0]}")
    return ConfigError(f"unknown key {key}" + (f": did you mean {meant}?" if meant else ""))


def _line(detail: ErrorDetails, schema: type[Root]) -> str:
    """One refusal of pydantic as one line: the key, the value, what is wrong."""
    tags = {"embedded", "hub", "random", "sample", "file"}  # the unions' own steps in a location, not keys
    parts = [str(part) for part in detail["loc"]]
    key = ".".join(
        part for i, part in enumerate(parts) if not (i == 1 and part in tags and parts[0] in {"model", "data"})
    )
    if detail["type"] == "extra_forbidden":
        return str(unknown_key(key, schema))
    message = detail["msg"].removeprefix("Value error, ")
    if not key:
        return message
    if detail["type"] == "missing":
        return f"{key} is missing"
    message = message[0].lower() + message[1:]
    return f"{key}={detail['input']}: {message}"
