"""Whether the Hugging Face hub answers."""

from functools import cache
from pathlib import Path
from typing import Final

from huggingface_hub import constants, get_session, is_offline_mode

HUB: Final = constants.ENDPOINT
_PATIENCE: Final = 10.0
"""Seconds"""


def is_out_of_reach(place: str) -> bool:
    """Whether only the cache can be asked for a repository; a folder needs no hub.

    The libraries would try again and again for each of its files, which takes minutes.
    """
    return not Path(place).is_dir() and not is_offline_mode() and _is_silent()


@cache
def _is_silent() -> bool:
    try:
        get_session().head(HUB, timeout=_PATIENCE)
    except Exception:  # of whichever HTTP library the hub's own has today
        return True
    return False
