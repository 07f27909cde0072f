"""Whether W&B can be reached. Light: a study asks before its libraries are loaded, so W&B's own files are read here as
W&B reads them."""

import configparser
import netrc
import os
import socket
from pathlib import Path
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

_HOST: Final = "https://api.forge.coreweave.com"
"""W&B's default."""
_FORMER_HOST: Final = "api.wandb.ai"
"""Keys that were stored for it open the default as well."""
_PORTS: Final = {"http": 80, "https": 443}
_PATIENCE = 3.0
"""Seconds to wait for W&B's host before the run goes offline."""

Mode = Literal["online", "offline"]


def wandb_mode(wanted: Mode) -> tuple[Mode, str | None]:
    """What W&B can be asked for here, and why it is not what was wanted."""
    why = "tracking=offline" if wanted == "offline" else _why_offline()
    return ("offline" if why else "online"), why


def _why_offline() -> str | None:
    settings = _settings()
    # A mode that is given to W&B's `init` goes before these, so nobody else would honour them.
    for mode, source in ((os.environ.get("WANDB_MODE"), "WANDB_MODE"), (settings.get("mode"), "W&B's settings: mode")):
        if mode is not None:
            if mode in {"offline", "dryrun", "disabled"}:
                return f"{source}={mode}"
            break
    url = os.environ.get("WANDB_BASE_URL") or settings.get("base_url") or _HOST
    try:
        host = urlsplit(url)
        port = host.port or _PORTS[host.scheme]
    except (ValueError, KeyError):
        return f"{url} is no address of a server"
    if not (_has_key(host.netloc) or _has_key(host.hostname or "")):  # W&B writes a key under host and port
        return "no key: `wandb login` or WANDB_API_KEY"
    name = host.hostname or ""
    proxy = _proxy(host)
    try:
        socket.create_connection(proxy or (name, port), timeout=_PATIENCE).close()
    except (OSError, UnicodeError):  # the second for a name that can't be one
        return f"no connection to {f'the proxy {proxy[0]}' if proxy else name}"
    return None


def _settings() -> dict[str, str]:
    """W&B's settings files: the person's, and this directory's, which goes before it."""
    directory = _expanded(os.environ.get("WANDB_DIR") or ".")
    files = (
        _expanded(os.environ.get("WANDB_CONFIG_DIR") or "~/.config/wandb") / "settings",
        directory / (".wandb" if (directory / ".wandb").exists() else "wandb") / "settings",
    )
    found: dict[str, str] = {}
    for file in files:
        parser = configparser.ConfigParser()
        try:
            parser.read(file)
            found |= dict(parser.items("default"))
        except (OSError, ValueError, configparser.Error):  # W&B itself warns of it
            continue
    return found


def _expanded(path: str) -> Path:
    """As W&B does it: `~` stays where there is no home directory, as in a container; pathlib would raise."""
    return Path(os.path.expanduser(path))  # noqa: PTH111


def _has_key(place: str) -> bool:
    """
    Args:
        place: host, with the port where the address has one
    """
    if os.environ.get("WANDB_API_KEY"):
        return True
    try:
        keys = netrc.netrc(_expanded(os.environ.get("NETRC") or "~/.netrc"))
    except (OSError, ValueError, netrc.NetrcParseError):
        return False
    places = [place, _FORMER_HOST] if place == urlsplit(_HOST).netloc else [place]
    return any(entry[2] for name in places if (entry := keys.authenticators(name)))


def _proxy(host: SplitResult) -> tuple[str, int] | None:
    """Host and port of the proxy through which W&B would go."""
    from urllib.request import getproxies_environment, proxy_bypass  # noqa: PLC0415  ten times this module's import

    url = getproxies_environment().get(host.scheme)
    if not url or host.hostname == "localhost" or (host.hostname or "").startswith("127.") or proxy_bypass(host.netloc):
        return None
    try:
        proxy = urlsplit(url if "://" in url else f"//{url}")
        return (proxy.hostname, proxy.port or _PORTS.get(proxy.scheme, 80)) if proxy.hostname else None
    except ValueError:  # none that could be used
        return None
