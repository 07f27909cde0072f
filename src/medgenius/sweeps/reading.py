"""Hydra's sweep words as a search space, read strictly: a mistake is one line that names the key."""

import re
from collections.abc import Iterator, Mapping, Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, Override, QuotedString, RangeSweep
from hydra.errors import HydraException

from medgenius.config.suggest import keys, nearest
from medgenius.config.train import TrainConfig
from medgenius.config.validate import unknown_key
from medgenius.errors import ConfigError
from medgenius.sweeps.space import HERE, Choice, Numbers, Parameter, Space, Value


def split_line(arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The overrides of a command line: those that fix a value, and searched keys with their words.

    Raises:
        ConfigError: an override that can't be read.
    """
    fixed: list[str] = []
    searched: dict[str, str] = {}
    for argument in arguments:
        override = _parsed(argument)
        key = override.get_key_element().lstrip("+~")
        searched.pop(key, None)  # what stands last holds
        if override.is_sweep_override():
            words = argument.partition("=")[2]
            searched[key] = words if "(" in words else f"choice({words})"
        else:
            fixed.append(argument)
    return fixed, searched


def read_space(written: Mapping[str, object], fixed: Sequence[str], searched: Mapping[str, str]) -> Space:
    """The space of the config, with what a command line fixes left out and what it searches put in.

    Raises:
        ConfigError: an unknown key, an empty or reversed range, a word that is none, an impossible condition.
    """
    entries = dict(_leaves(written, ""))
    for override in fixed:
        entries.pop(_parsed(override).get_key_element().lstrip("+~"), None)
    entries |= searched
    parameters = [_parameter(key, entry) for key, entry in entries.items() if entry is not None]
    if not parameters:
        raise ConfigError(f"{HERE} is empty: there is nothing to search")
    return Space(tuple(_in_order(parameters)))


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
    text = f"choice({', '.join(_spelled(key, value) for value in entry)})" if isinstance(entry, list) else str(entry)
    override = _parsed(f"{key}={with_log(text)}")
    if override.is_sweep_override():
        return Parameter(key, text, _values(f"{HERE}.{key}={text}", override), when)
    raise ConfigError(
        f"{HERE}.{key}={text}: is no choice(…), range(…), interval(…) or list; to fix a value, say {key}=… alone"
    )


def _refuse_unknown(key: str) -> None:
    """
    Raises:
        ConfigError: no config of a training run has this key, or it is none to search.
    """
    if key not in {name for name, _ in keys(TrainConfig)}:
        raise ConfigError(f"{HERE}: {unknown_key(key, TrainConfig)}")
    if key.partition(".")[0] in {"run", "tracking"}:
        raise ConfigError(f"{HERE}.{key}: changes nothing that could be measured")


def with_log(text: str) -> str:
    """`log(…)` is short for Hydra's `tag(log, …)`."""
    return re.sub(r"(?<!\w)log\(", "tag(log,", text)


def _parsed(text: str) -> Override:
    try:
        return OverridesParser.create().parse_override(text)
    except HydraException as error:
        reason = " ".join(str(error).splitlines()[0].split())
        if "empty choice" in reason:
            reason = "the choice is empty"
        raise ConfigError(f"{text}: can't be read: {reason}") from None


def _values(where: str, override: Override) -> Choice | Numbers:
    match override.value():
        case ChoiceSweep() as choice:
            return _choice(where, override, choice)
        case RangeSweep() as steps:
            return _range(where, steps)
        case IntervalSweep() as interval:
            return _interval(where, interval)
    raise ConfigError(f"{where}: choose with choice(…), range(…), interval(…) or a list")


def _choice(where: str, override: Override, choice: ChoiceSweep) -> Choice:
    texts: dict[Value, str] = {}
    for element, text in zip(choice.list, override.sweep_string_iterator(), strict=True):
        plain = element.text if isinstance(element, QuotedString) else element
        value = plain if plain is None or isinstance(plain, bool | int | float | str) else text
        if any(value == known and type(value) is type(known) for known in texts):
            raise ConfigError(f"{where}: {text} stands there twice")
        texts[value] = text
    return Choice(texts)


def _range(where: str, steps: RangeSweep) -> Numbers:
    start, stop, step = steps.start, steps.stop, steps.step
    assert start is not None
    assert stop is not None
    values = list(steps.range())
    if not values:
        hint = f"{start} is above {stop}" if step > 0 and start > stop else "no number lies in it"
        raise ConfigError(f"{where}: the range is empty: {hint}")
    whole = all(isinstance(value, int) for value in values)
    low, high = min(values[0], values[-1]), max(values[0], values[-1])
    return Numbers(low, high, None if whole and abs(step) == 1 else abs(step), "log" in steps.tags, whole)


def _interval(where: str, interval: IntervalSweep) -> Numbers:
    low, high = interval.start, interval.end
    assert low is not None
    assert high is not None
    if low > high:
        raise ConfigError(f"{where}: its low end {low:g} is above its high end {high:g}")
    if low == high:
        raise ConfigError(f"{where}: the interval is empty but for {low:g}")
    log = "log" in interval.tags
    if log and low <= 0:
        raise ConfigError(f"{where}: a logarithmic interval begins above 0")
    whole = isinstance(low, int) and isinstance(high, int)
    if "int" in interval.tags and not whole:
        low, high, whole = int(low), int(high), True
    return Numbers(low, high, None, log, whole)


def _spelled(key: str, value: object) -> str:
    """A value of YAML as Hydra's words have it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return "'" + value.replace("'", "\\'") + "'"
    if isinstance(value, list):
        return f"[{','.join(_spelled(key, inner) for inner in value)}]"
    raise ConfigError(f"{HERE}.{key}: a list of numbers, words or lists, not of mappings")


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
