"""Which key a person probably meant."""

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from types import UnionType
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from medgenius.config.fields import AlsoCalled

_CLOSE_ENOUGH = 0.7


def _schemas(annotation: object) -> Iterator[type[BaseModel]]:
    """Every schema class inside an annotation: itself, the members of a union, what Annotated wraps."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Annotated, Union, UnionType):
        for part in get_args(annotation):
            yield from _schemas(part)


def _other_names(annotation: object) -> Iterator[str]:
    """The names in every AlsoCalled inside an annotation, at any depth."""
    for part in get_args(annotation):
        if isinstance(part, AlsoCalled):
            yield from part.names
        else:
            yield from _other_names(part)


def fields(schema: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every field below `schema` by its dotted key, groups before what is in them."""
    for name, field in schema.model_fields.items():
        yield f"{prefix}{name}", field
        for inner in _schemas(field.annotation):
            yield from fields(inner, f"{prefix}{name}.")


def keys(schema: type[BaseModel]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every key below `schema`, groups too, as (dotted key, its other names)."""
    for key, field in fields(schema):
        other_names = tuple(alias for extra in field.metadata if isinstance(extra, AlsoCalled) for alias in extra.names)
        yield key, (*other_names, *_other_names(field.annotation))


def _likeness(wanted: str, key: str, other_names: tuple[str, ...]) -> float:
    """1 is sure. A key of the wanted group counts a little more than one elsewhere."""
    group, _, leaf = wanted.rpartition(".")
    own_group, _, own_leaf = key.rpartition(".")
    same_group = 0.1 if group == own_group else 0.0
    if leaf == own_leaf or leaf in other_names:
        return 0.9 + same_group
    by_leaf = max(SequenceMatcher(None, leaf, name).ratio() for name in (own_leaf, *other_names))
    return 0.9 * by_leaf + same_group


def did_you_mean(wanted: str, schema: type[BaseModel]) -> str | None:
    """The dotted key of `schema` that `wanted` most resembles, or None where nothing is near.

    Names of other tools count (`AlsoCalled`), and so does a right name in a wrong group: both `lora.rank` and a bare
    `rank` give `lora.r`.
    """
    best: dict[str, float] = {}
    for key, other_names in keys(schema):
        best[key] = max(best.get(key, 0.0), _likeness(wanted, key, other_names))
    key = max(best, key=lambda candidate: best[candidate])
    return key if best[key] >= _CLOSE_ENOUGH else None


def nearest(wanted: str, names: Iterable[str]) -> str | None:
    """The name that `wanted` most resembles, or None where nothing is near."""
    likeness = {name: SequenceMatcher(None, wanted, name).ratio() for name in names}
    best = max(likeness, key=lambda name: likeness[name], default=None)
    return best if best is not None and likeness[best] >= _CLOSE_ENOUGH else None
