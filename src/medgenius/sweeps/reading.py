"""Hydra's sweep words as a search space, read strictly: a mistake is one line that names the key."""

from collections.abc import Iterator, Mapping, Sequence

from medgenius.config.arguments import with_log
from medgenius.config.suggest import keys, nearest
from medgenius.config.train import TrainConfig
from medgenius.config.validate import unknown_key
from medgenius.errors import ConfigError
from medgenius.sweeps.space import HERE, Choice, Numbers, Parameter, Space, Value
from medgenius.sweeps.words import parsed, spelled, values_of


def split_line(arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The overrides of a command line: those that fix a value, and searched keys with their words.

    Raises:
        ConfigError: an override that can't be read.
    """
    fixed: list[str] = []
    searched: dict[str, str] = {}
    for argument in arguments:
        override = parsed(argument)
        key = override.get_key_element().lstrip("+~")
        searched.pop(key, None)  # what stands last holds
        if override.is_sweep_override():
            words = argument.partition("=")[2]
            searched[key] = words if "(" in words else f"choice({words})"
        else:
            fixed.append(argument)
    return fixed, searched


def read_space(
    written: Mapping[str, object], typed: Sequence[str], fixed: Sequence[str], searched: Mapping[str, str]
) -> Space:
    """The space of the config, with what a command line fixes left out and what it searches put in.

    Args:
        written: the space as composed, keys nested or with dots
        typed: the overrides of the command line that are Hydra's own
        fixed: the others, those that fix a value
        searched: keys that the line searches, with their words

    Raises:
        ConfigError: an unknown key, an empty or reversed range, a word that is none, an impossible condition.
    """
    entries = dict(_leaves(written, "")) | _typed(written, typed)
    for override in fixed:
        entries.pop(parsed(override).get_key_element().lstrip("+~"), None)
    entries |= searched
    parameters = [_parameter(key, entry) for key, entry in entries.items() if entry is not None]
    if not parameters:
        raise ConfigError(f"{HERE} is empty: there is nothing to search")
    return Space(tuple(_in_order(parameters)))


def _typed(written: Mapping[str, object], typed: Sequence[str]) -> dict[str, object]:
    """What stands in the space because it was typed.

    OmegaConf puts `lora.r` of a command line into the nested mapping, where it would lose to a file's dotted key.
    """
    found: dict[str, object] = {}
    for override in map(parsed, typed):
        whole = override.key_or_group
        if whole != HERE and not whole.startswith(f"{HERE}."):
            continue
        key = whole.removeprefix(HERE).removeprefix(".")
        if override.is_delete():
            found |= {name: None for name, _ in _leaves(written, "") if name == key or name.startswith(f"{key}.")}
            continue
        for path in _paths(override.value(), tuple(key.split(".")) if key else ()):
            found[".".join(path)] = _at(written, path)
    return found


def _paths(typed: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Where the values of an override stand."""
    if isinstance(typed, Mapping) and "values" not in typed:
        for key, inner in typed.items():
            yield from _paths(inner, (*path, str(key)))
    else:
        yield path


def _at(written: Mapping[str, object], path: Sequence[str]) -> object:
    """The composed value, in which references are resolved; None where a later override took it out again."""
    value: object = written
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            return None
        value = value[name]
    return value


def _leaves(values: Mapping[str, object], prefix: str) -> Iterator[tuple[str, object]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and "values" not in value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _parameter(key: str, entry: object) -> Parameter:
    _refuse_unknown(key)
    when: Mapping[str, tuple[Value, ...]] = {}
    if isinstance(entry, Mapping):
        if extra := set(entry) - {"values", "when"}:
            raise ConfigError(f"{HERE}.{key}: unknown key {min(extra)}: there are values and when")
        when = _conditions(key, entry["when"]) if "when" in entry else {}
        entry = entry["values"]
    if isinstance(entry, list):
        text = f"choice({', '.join(spelled(f'{HERE}.{key}', value) for value in entry)})"
    else:
        text = str(entry)
    where = f"{HERE}.{key}={text}"
    override = parsed(f"{key}={with_log(text)}")
    if not override.is_sweep_override():
        raise ConfigError(f"{where}: is no choice(…), range(…), interval(…) or list; to fix a value, say {key}=… alone")
    values = values_of(where, override)
    _refuse_figures_for_a_group(where, key, values)
    return Parameter(key, text, values, when)


def _refuse_unknown(key: str) -> None:
    """
    Raises:
        ConfigError: no config of a training run has this key, or it is none to search.
    """
    if key not in {name for name, _ in keys(TrainConfig)}:
        raise ConfigError(f"{HERE}: {unknown_key(key, TrainConfig)}")
    if key.partition(".")[0] in {"run", "tracking"}:
        raise ConfigError(f"{HERE}.{key}: changes nothing that could be measured")


def _refuse_figures_for_a_group(where: str, key: str, values: Choice | Numbers) -> None:
    """
    Raises:
        ConfigError: the values are not names of its files, so one of its keys was meant.
    """
    inner = next((name for name, _ in keys(TrainConfig) if name.startswith(f"{key}.")), None)
    if inner and not (isinstance(values, Choice) and all(isinstance(value, str) for value in values.texts)):
        raise ConfigError(f"{where}: {key} is a group of keys; name one of them, as in {inner}=…")


def _conditions(key: str, when: object) -> dict[str, tuple[Value, ...]]:
    if not isinstance(when, Mapping) or not when:
        raise ConfigError(f"{HERE}.{key}.when: a mapping of searched keys to the values under which this is searched")
    found: dict[str, tuple[Value, ...]] = {}
    for other, wanted in _leaves(when, ""):
        values: list[Value] = []
        for value in wanted if isinstance(wanted, list) else [wanted]:
            if value is not None and not isinstance(value, bool | int | float | str):
                raise ConfigError(f"{HERE}.{key}.when.{other}: a value, or a list of values")
            values.append(value)
        if not values:
            raise ConfigError(f"{HERE}.{key}.when.{other}: a value, or a list of values")
        found[other] = tuple(values)
    return found


def _in_order(parameters: Sequence[Parameter]) -> list[Parameter]:
    """Each after those of its condition."""
    by_key = {parameter.key: parameter for parameter in parameters}
    for parameter in parameters:
        for other, values in parameter.when.items():
            if other not in by_key:
                meant = nearest(other, by_key)
                hint = f": did you mean {meant}?" if meant else ""
                raise ConfigError(f"{HERE}.{parameter.key}.when.{other}: is not searched{hint}")
            for value in values:
                if not by_key[other].holds(value):
                    raise ConfigError(f"{HERE}.{parameter.key}.when.{other}={value}: never has this value")
    ordered: list[Parameter] = []
    waiting = list(parameters)
    while waiting:
        done = {parameter.key for parameter in ordered}
        ready = [parameter for parameter in waiting if set(parameter.when) <= done]
        if not ready:
            names = " and ".join(parameter.key for parameter in waiting)
            raise ConfigError(f"{HERE}: the conditions of {names} wait for each other")
        ordered += ready
        waiting = [parameter for parameter in waiting if parameter not in ready]
    return ordered
