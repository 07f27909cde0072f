"""From Hydra's composed values to a typed config, and from every refusal to one line that names the key."""

from collections.abc import Sequence
from typing import TypeVar, get_origin

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from medgenius.config.fields import Root
from medgenius.config.suggest import did_you_mean, fields
from medgenius.errors import ConfigError, shown

R = TypeVar("R", bound=Root)

_FEW = 3
"""Missing keys of one group that get a line each."""


def to_config(composed: DictConfig, schema: type[R]) -> R:
    """Check the composed values and freeze them.

    Raises:
        ConfigError: an unknown key, a wrong type or value, a missing file or an impossible combination.
    """
    try:
        values = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except MissingMandatoryValue as error:
        key = "run" if error.full_key == "run.path" else error.full_key or "?"
        raise ConfigError(f"{key} is needed here and has no default: add {key}=…") from None
    except OmegaConfBaseException as error:
        key = f"{error.full_key}: " if error.full_key else ""
        raise ConfigError(shown(f"{key}{str(error).splitlines()[0]}", 300)) from None
    try:
        config = schema.model_validate(values)
    except ValidationError as error:
        raise ConfigError("\n".join(_lines(error.errors(), schema))) from None
    config.check_machine()
    return config


def other_version(error: ValidationError) -> str:
    """Which part of a stored config this version of the program does not know so."""
    detail = error.errors()[0]
    key = _key(detail)
    match detail["type"]:
        case "missing":
            return f"it has no {key}"
        case "extra_forbidden":
            return f"{key} is not known here"
        case _:
            return f"{key}: {_message(detail)}" if key else _message(detail)


def unknown_key(key: str, schema: type[Root]) -> ConfigError:
    """The error for a key that no schema has, with the one that was probably meant."""
    group = key.rpartition(".")[0]
    if any(name == group and get_origin(field.annotation) is dict for name, field in fields(schema)):
        return ConfigError(f"{shown(key)} is a new name there: write +{shown(key)}=…")
    meant = did_you_mean(key, schema)
    if meant == key:
        return ConfigError(f"{key} has no meaning for the chosen {group.replace('.', '/')}")
    return ConfigError(f"unknown key {shown(key)}" + (f": did you mean {meant}?" if meant else ""))


def _lines(details: Sequence[ErrorDetails], schema: type[Root]) -> list[str]:
    """Pydantic's refusals, one line for each key: the key, the value, what is wrong."""
    lines: dict[str, str] = {}
    lacking: dict[str, list[str]] = {}
    for detail in details:
        if detail["type"] == "missing":
            parent, _, name = _key(detail).rpartition(".")
            lacking.setdefault(parent, []).append(name)
    for detail in details:
        key = _key(detail)
        parent = key.rpartition(".")[0]
        if detail["type"] == "missing" and len(lacking[parent]) > _FEW:  # something else stands in the group's place
            lines[f"{parent}."] = f"{parent or 'the config'} lacks {', '.join(lacking[parent])}"
        elif key in lines and key:  # a value that may be one of several things, and is none of them
            lines[key] += f", or {_message(detail).removeprefix('input ')}"
        else:
            lines[key or f"#{len(lines)}"] = _line(key, detail, schema)
    return list(lines.values())


def _key(detail: ErrorDetails) -> str:
    """The dotted key, without the steps of a union, which stand in a location as well."""
    tags = {"embedded", "hub", "random", "sample", "file"}
    engines = {"transformers", "llama_cpp", "vllm"}
    parts = [str(part) for part in detail["loc"]]
    if detail["type"] in {"union_tag_invalid", "union_tag_not_found"}:  # located at the group that the tag chooses for
        parts.append(detail["ctx"]["discriminator"].strip("'"))
    return ".".join(
        part
        for i, part in enumerate(parts)
        if not (i == 1 and part in tags and parts[0] in {"model", "data"})
        and not (i == 2 and part in engines and parts[:2] == ["serving", "engine"])
        and not part.startswith(("literal[", "list[", "function-after["))
        and part not in {"constrained-int", "constrained-float", "int", "bool"}
    )


def _message(detail: ErrorDetails) -> str:
    if detail["type"] == "union_tag_invalid":  # pydantic's own words quote the value once more, whole
        return f"input should be one of {detail['ctx']['expected_tags']}"
    message = detail["msg"].removeprefix("Value error, ")
    return message[0].lower() + message[1:]


def _line(key: str, detail: ErrorDetails, schema: type[Root]) -> str:
    if detail["type"] == "extra_forbidden":
        return str(unknown_key(key, schema))
    if not key or (detail["type"] == "value_error" and isinstance(detail["input"], dict)):
        return detail["msg"].removeprefix("Value error, ")  # a rule over several keys, which it names itself
    if detail["type"] in {"missing", "union_tag_not_found"}:
        return f"{key} is missing"
    value = detail["ctx"]["tag"] if detail["type"] == "union_tag_invalid" else detail["input"]
    return f"{shown(key)}={shown(value)}: {_message(detail)}"
