"""API keys: random, shown once, and kept as hashes alone.

`python -m medgenius.serving.keys keys.txt clinic` adds a key for "clinic" to keys.txt and shows it. A line of that file
is a name and a hash; who may no longer ask is taken out of it.
"""

import hashlib
import re
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from medgenius.errors import ConfigError

_NAME = re.compile(r"[\w.@-]{1,64}")
_LINE = re.compile(rf"({_NAME.pattern})\s+sha256:([0-9a-f]{{64}})")


def new_key() -> str:
    """256 random bits, so a plain hash of it is as hard to undo as any."""
    return f"mg-{secrets.token_urlsafe(32)}"


def hash_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


class Keys:
    """Who may ask. A key is looked up by its hash, so that how long this takes tells nothing about any key."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """
        Args:
            names: of whose key it is, by its hash
        """
        self._names = dict(names)

    @classmethod
    def one(cls, key: str) -> "Keys":
        return cls({hash_of(key): "owner"})

    @classmethod
    def read(cls, file: Path) -> "Keys":
        """
        Raises:
            ConfigError: a line is no name and hash; it is named by its number and not shown, for it may be a key.
        """
        names: dict[str, str] = {}
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            found = _LINE.fullmatch(line.strip())
            if found is None:
                raise ConfigError(f"serving.api_keys={file}: line {number} is not `name sha256:…`")
            names[found.group(2)] = found.group(1)
        if not names:
            raise ConfigError(f"serving.api_keys={file}: there is no key in it")
        return cls(names)

    def owner(self, authorization: str) -> str | None:
        """Whose key an Authorization header holds; None where it holds none that is known."""
        kind, _, key = authorization.partition(" ")
        return self._names.get(hash_of(key.strip())) if kind.casefold() == "bearer" else None


def add_key(file: Path, name: str) -> str:
    """Append a new key's hash to a file that only its owner can read; gives the key."""
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name}: a name is 1 to 64 letters, digits and . _ @ -")
    key = new_key()
    file.touch(mode=0o600)
    text = file.read_text(encoding="utf-8")
    gap = "" if not text or text.endswith("\n") else "\n"  # some editors end no last line
    with file.open("a", encoding="utf-8") as stream:
        stream.write(f"{gap}{name} sha256:{hash_of(key)}\n")
    return key


def main() -> int:
    if len(sys.argv) != 3:
        print("usage: python -m medgenius.serving.keys FILE NAME", file=sys.stderr)
        return 2
    try:
        print(add_key(Path(sys.argv[1]).expanduser(), sys.argv[2]))
    except (ConfigError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
