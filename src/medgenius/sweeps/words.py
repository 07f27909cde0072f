"""One parameter's words in Hydra's grammar: which values they mean, and values of YAML in such words."""

import math
from decimal import Decimal

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import (
    ChoiceSweep,
    IntervalSweep,
    Override,
    ParsedElementType,
    QuotedString,
    RangeSweep,
)
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from medgenius.config.arguments import quoted, readable
from medgenius.errors import ConfigError
from medgenius.sweeps.space import Choice, Numbers, Value


def parsed(text: str) -> Override:
    """
    Raises:
        ConfigError: an override that can't be read.
    """
    try:
        return OverridesParser.create().parse_override(text)
    except (HydraException, OmegaConfBaseException) as error:
        reason = " ".join(str(error).splitlines()[0].split())
        if "empty choice" in reason:
            reason = "the choice is empty"
        raise ConfigError(f"{text}: can't be read: {reason}") from None


def values_of(where: str, override: Override) -> Choice | Numbers:
    """
    Raises:
        ConfigError: `where`, and why there is nothing to search in these words, or nothing that a sampler takes.
    """
    match override.value():
        case ChoiceSweep() as choice:
            _refuse_tags(where, "choice", choice.tags)
            return _choice(where, choice)
        case RangeSweep() as steps:
            if not steps.tags and "tag(" in str(override.input_line):
                raise ConfigError(f"{where}: a cast of a range forgets its scale: log(int(range(…)))")
            _refuse_tags(where, "range", steps.tags - {"log"})
            return _range(where, steps)
        case IntervalSweep() as interval:
            _refuse_tags(where, "interval", interval.tags - {"log", "int"})
            return _interval(where, interval)
    raise ConfigError(f"{where}: choose with choice(…), range(…), interval(…) or a list")


def _refuse_tags(where: str, kind: str, tags: set[str]) -> None:
    """
    Raises:
        ConfigError: there is one.
    """
    if tags:
        raise ConfigError(f"{where}: {min(tags)} means nothing around {kind}(…)")


def _choice(where: str, choice: ChoiceSweep) -> Choice:
    texts: dict[Value, str] = {}
    for element in choice.list:
        text = _text(element)
        plain = element.text if isinstance(element, QuotedString) else element
        value = plain if plain is None or isinstance(plain, bool | int | float | str) else text
        if value in texts:  # also 1 beside 1.0 or true, which Optuna could not tell apart
            raise ConfigError(f"{where}: {text} stands there twice, first as {texts[value]}")
        texts[value] = text
    return Choice(texts)


def _text(element: ParsedElementType) -> str:
    """What stands for it behind `=`, the same however it was quoted where it was written."""
    match element:
        case QuotedString(text) | str(text):
            return readable(text)
        case list():
            return f"[{','.join(map(_text, element))}]"
        case dict():
            return "{" + ",".join(f"{_text(key)}:{_text(value)}" for key, value in element.items()) + "}"
    return _plain(element)


def _plain(value: bool | float | None) -> str:
    return "null" if value is None else str(value).lower()


def _range(where: str, steps: RangeSweep) -> Numbers:
    start, stop, step = steps.start, steps.stop, steps.step
    assert start is not None
    assert stop is not None
    if not (math.isfinite(start) and math.isfinite(stop) and math.isfinite(step) and step):
        raise ConfigError(f"{where}: begin, end and step are finite numbers, and the step is not 0")
    whole = all(isinstance(number, int) for number in (start, stop, step))
    # In the decimals that were written: in binary ones the last of range(-1.38,0) is above -0.38.
    first, end, by = (Decimal(str(number)) for number in (start, stop, step))
    count = math.ceil((end - first) / by)
    if count < 1:
        hint = f"{start} is above {stop}" if step > 0 and start > stop else "no number lies in it"
        raise ConfigError(f"{where}: the range is empty: {hint}")
    last = first + (count - 1) * by
    low, high = (int(number) if whole else float(number) for number in sorted((first, last)))
    by_one = whole and abs(step) == 1
    if "log" in steps.tags and not by_one:
        raise ConfigError(
            f"{where}: a logarithmic scale has no steps: whole numbers one by one, log(range(1,9)), or log(interval(…))"
        )
    return _on_its_scale(where, Numbers(low, high, None if by_one else abs(step), "log" in steps.tags, whole))


def _interval(where: str, interval: IntervalSweep) -> Numbers:
    low, high = interval.start, interval.end
    assert low is not None
    assert high is not None
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ConfigError(f"{where}: both ends are finite numbers")
    if low > high:
        raise ConfigError(f"{where}: its low end {low:g} is above its high end {high:g}")
    whole = isinstance(low, int) and isinstance(high, int)
    if "int" in interval.tags and not whole:
        low, high, whole = int(low), int(high), True
    if low == high:
        raise ConfigError(f"{where}: the interval is empty but for {low:g}")
    return _on_its_scale(where, Numbers(low, high, None, "log" in interval.tags, whole))


def _on_its_scale(where: str, numbers: Numbers) -> Numbers:
    if numbers.log and numbers.whole and numbers.low < 1:
        raise ConfigError(f"{where}: whole numbers on a logarithmic scale begin at 1 or above")
    if numbers.log and numbers.low <= 0:
        raise ConfigError(f"{where}: a logarithmic interval begins above 0")
    return numbers


def spelled(where: str, value: object) -> str:
    """A value of YAML in Hydra's words.

    Raises:
        ConfigError: a mapping.
    """
    match value:
        case None | bool() | int() | float():
            return _plain(value)
        case str():
            return quoted(value)
        case list() | tuple():
            return f"[{','.join(spelled(where, inner) for inner in value)}]"
    raise ConfigError(f"{where}: a list of numbers, words or lists, not of mappings")


def list_text(where: str, value: object) -> str:
    """A list of YAML as the key that `choice(…)` has for it.

    Raises:
        ConfigError: it holds a mapping.
    """
    choice = parsed(f"key=choice({spelled(where, value)})").value()
    assert isinstance(choice, ChoiceSweep)
    return _text(choice.list[0])
