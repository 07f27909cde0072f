"""Whether W&B can be reached. Light: a study asks before its libraries are loaded."""

import netrc
import os
import socket
from typing import Literal
from urllib.parse import urlparse

_HOST = "https://api.wandb.ai"
_PATIENCE = 3.0
"""Seconds to wait for W&B's host before the run goes offline."""

_NOT_ONLINE = {"offline", "disabled", "dryrun"}

Mode = Literal["online", "offline"]


def wandb_mode(wanted: Mode) -> tuple[Mode, str | None]:
    """What W&B can be asked for here, and why it is not what was wanted."""
    if wanted == "offline":
        return "offline", "tracking=offline"
    asked = os.environ.get("WANDB_MODE", "")
    if asked in _NOT_ONLINE:  # what W&B's own commands set; a mode that is given to it would overrule them
        return "offline", f"WANDB_MODE={asked}"
    host = urlparse(os.environ.get("WANDB_BASE_URL", _HOST))
    name = host.hostname or ""
    if not (_has_key(name) or _has_key(host.netloc)):  # W&B writes a key under host and port
        return "offline", "no key: `wandb login` or WANDB_API_KEY"
    port = host.port or (80 if host.scheme == "http" else 443)
    try:
        socket.create_connection((name, port), timeout=_PATIENCE).close()
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
