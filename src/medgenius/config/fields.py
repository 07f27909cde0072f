"""What the schemas are made of: the strict base class, and other names under which people look for a key."""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Schema(BaseModel):
    """Base of every config group: unknown keys and silent conversions are errors, values never change."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Root(Schema):
    """Base of the whole config of one verb."""

    file: ClassVar[str]
    """Name of its file in conf/, without `.yaml`."""

    def check_machine(self) -> None:
        """What only this machine can tell, asked before anything heavy is imported.

        Raises:
            ConfigError: a file or a package that is not there.
        """


@dataclass(frozen=True)
class AlsoCalled:
    """Names that other tools use for a field, so that an error can point to ours."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)
