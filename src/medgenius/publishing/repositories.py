"""Names that others can have something by: of a repository on the hub, never of a folder of this machine."""

from pathlib import Path

from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id


def is_repository(place: str) -> bool:
    """Whether it is of the hub's form and no folder; a path stays one when its folder is gone."""
    try:
        validate_repo_id(place)
    except HFValidationError:
        return False
    return not Path(place).is_dir()
