"""The search space: which keys of the config are searched, and among which values."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from medgenius.errors import ConfigError

Value = None | bool | int | float | str
HERE = "hydra.sweeper.space"
_MOST_POINTS = 100_000


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values, in no order."""

    texts: Mapping[Value, str]
    """What Optuna keeps -> what stands behind `=` in an override"""


@dataclass(frozen=True, slots=True)
class Numbers:
    """All numbers from low to high, both included."""

    low: float
    high: float
    step: float | None
    """None: every number, or every whole one"""
    log: bool
    whole: bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """One searched key of the config."""

    key: str
    text: str
    """As a person wrote it"""
    values: Choice | Numbers
    when: Mapping[str, tuple[Value, ...]]
    """Searched only if each of these keys has one of these values; empty: always"""

    def is_active(self, chosen: Mapping[str, Value]) -> bool:
        return all(key in chosen and chosen[key] in values for key, values in self.when.items())

    def override(self, value: Value) -> str:
        if isinstance(self.values, Choice):
            return f"{self.key}={self.values.texts[value]}"
        return f"{self.key}={value!r}"

    def corners(self) -> list[Value]:
        """All values of a choice, both ends of a range."""
        match self.values:
            case Choice(texts):
                return list(texts)
            case Numbers(low, high):
                return [low, high]

    def points(self) -> list[Value]:
        """Every value, for a grid.

        Raises:
            ConfigError: there is no end of them, or they are too many.
        """
        match self.values:
            case Choice(texts):
                return list(texts)
            case Numbers(low, high, step, _, whole) if step or whole:
                count = round((high - low) / (step or 1)) + 1
                if count > _MOST_POINTS:
                    raise _too_many(count)
                if whole:
                    return [int(low + i * (step or 1)) for i in range(count)]
                return [float(Decimal(str(low)) + i * Decimal(str(step))) for i in range(count)]
        raise ConfigError(f"{self.key}={self.text}: sampler=grid needs choice(…) or range(…), not an interval")

    def holds(self, value: Value) -> bool:
        if isinstance(self.values, Choice):
            return any(value == known and type(value) is type(known) for known in self.values.texts)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        numbers = self.values
        steps = (value - numbers.low) / (numbers.step or (1 if numbers.whole else value - numbers.low or 1))
        return numbers.low <= value <= numbers.high and abs(steps - round(steps)) < 1e-9


@dataclass(frozen=True, slots=True)
class Space:
    """Parameters, each after those that its condition asks for."""

    parameters: tuple[Parameter, ...]

    def overrides(self, chosen: Mapping[str, Value]) -> list[str]:
        """What is added to the command line for these values."""
        return [parameter.override(chosen[parameter.key]) for parameter in self.parameters if parameter.key in chosen]

    def grid(self) -> list[dict[str, Value]]:
        """Every combination.

        Raises:
            ConfigError: they can't be listed.
        """
        if conditional := next((parameter.key for parameter in self.parameters if parameter.when), None):
            raise ConfigError(f"{HERE}.{conditional}: sampler=grid knows no conditions (`when`)")
        points = [parameter.points() for parameter in self.parameters]
        count = 1
        for values in points:
            count *= len(values)
        if count > _MOST_POINTS:
            raise _too_many(count)
        names = [parameter.key for parameter in self.parameters]
        return [dict(zip(names, values, strict=True)) for values in product(*points)]

    def written(self) -> dict[str, str]:
        """Each key as a person wrote it, its condition behind it; by this two lines are compared."""
        return {p.key: p.text + (f" when {dict(p.when)}" if p.when else "") for p in self.parameters}


def _too_many(count: int) -> ConfigError:
    return ConfigError(f"{HERE}: a grid of {count:,} points; make it smaller or choose another sampler")
