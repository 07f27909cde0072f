"""Whether W&B can be reached. Light: a study asks before its libraries are loaded."""

import netrc
import os
import socket
from typing import Literal
from urllib.parse import urlparse

_HOST = "https://api.wandb.ai"
_PATIENCE = 3.0
"""Seconds to wait for W&B's host before the run goes offline."""

Mode = Literal["online", "offline"]


def wandb_mode(wanted: Mode) -> tuple[Mode, str | None]:
    """What W&B can be asked for here, and why it is not what was wanted."""
    if wanted == "offline":
        return "offline", "tracking=offline"
    host = urlparse(os.environ.get("WANDB_BASE_URL", _HOST))
    name = host.hostname or ""
    if not _has_key(name):
        return "offline", "no key: `wandb login` or WANDB_API_KEY"
    try:
        socket.create_connection((name, host.port or 443), timeout=_PATIENCE).close()
    except OSError:
        return "offline", f"no connection to {name}"
    return "online", None


def _has_key(host: str) -> bool:
    if os.environ.get("WANDB_API_KEY"):
        return True
    try:
        return netrc.netrc().authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False
