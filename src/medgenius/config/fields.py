"""What the schemas are made of: the strict base class, and other names under which people look for a key."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


class Schema(BaseModel):
    """Base of every config group: unknown keys and silent conversions are errors, values never change."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


@dataclass(frozen=True)
class AlsoCalled:
    """Names that other tools use for a field, so that an error can point to ours."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)
