"""Parts of files that another verb wrote."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from medgenius.errors import RunError


class Part(BaseModel):
    """What else stands in the file is not needed here."""

    model_config = ConfigDict(extra="ignore", frozen=True)


P = TypeVar("P", bound=Part)


def read_part(path: Path, schema: type[P]) -> P | None:
    """
    Raises:
        RunError: the file is there and can't be read so.
    """
    try:
        return schema.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        cause = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error.strerror
        raise RunError(f"{path} can't be read: {cause}") from None
