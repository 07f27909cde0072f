"""The licences of everything that constraints.txt pins, as a table: `make licences` writes docs/licences.md."""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
_OURS = "medgenius"
_SUITABLE = re.compile(
    r"\b(MIT|0?BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla Public|HPND|Unlicense|Zlib|CNRI|Boost)\b",
    re.IGNORECASE,
)
_UNSUITABLE = re.compile(r"\b(AGPL|GPL|Affero|proprietary|non-?commercial|CC-BY-NC)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Licensed:
    name: str
    version: str
    licence: str
    """As the package says it; empty where it says none."""
    runtime: bool
    """Needed by `pip install medgenius` or by its extra `curation`, not by development alone."""

    @property
    def suitable(self) -> bool:
        """Whether it may be used in a program under the Apache licence: permissive, or a choice with a permissive
        one; MPL binds its own files alone."""
        return bool(_SUITABLE.search(self.licence)) and (
            " OR " in self.licence or not _UNSUITABLE.search(self.licence.replace("LGPL", ""))
        )


def pinned() -> dict[str, str]:
    """Canonical name and version of each line of constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def licences() -> list[Licensed]:
    """Of each pinned package that is installed."""
    runtime = _closure([_OURS])
    found = []
    for name in sorted(pinned()):
        try:
            about = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue
        found.append(Licensed(name, metadata.version(name), _licence(about), name in runtime))
    return found


def _licence(about: metadata.PackageMetadata) -> str:
    """The SPDX expression where there is one, else the classifiers, else a short text of the old field."""
    if expressions := about.get_all("License-Expression"):
        return str(expressions[0])
    names = [text.rpartition(" :: ")[2] for text in about.get_all("Classifier") or () if text.startswith("License :: ")]
    names = [name for name in names if name != "OSI Approved"]
    if names:
        return ", ".join(names)
    lines = "\n".join(about.get_all("License") or ()).strip().splitlines()
    return lines[0][:80] if lines else ""


def _closure(roots: Iterable[str]) -> set[str]:
    """Names of all that these need, with the extra `curation`."""
    waiting, found = list(roots), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _needed(name)
    return found - {_OURS}


def _needed(name: str) -> Iterator[str]:
    try:
        requirements = metadata.requires(name) or ()
    except metadata.PackageNotFoundError:
        return
    extras = ("", "curation") if name == _OURS else ("",)
    for requirement in map(Requirement, requirements):
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            yield canonicalize_name(requirement.name)


def page(found: Iterable[Licensed]) -> str:
    head = (
        "# Licences\n\n"
        "Made by `make licences` from what the packages say of themselves; every version is the one that "
        "`constraints.txt` pins. `tests/test_licences.py` refuses a runtime dependency whose licence is unknown or "
        "unsuitable for a program under the Apache License 2.0. The notices of texts and word lists that ship with "
        "MedGenius are in `NOTICE`.\n\n| package | version | licence | needed for |\n|---|---|---|---|\n"
    )
    rows = (
        f"| {one.name} | {one.version} | {one.licence or 'says none'} | {'use' if one.runtime else 'development'} |\n"
        for one in found
    )
    return head + "".join(rows)


def main() -> int:
    found = licences()
    (ROOT / "docs" / "licences.md").write_text(page(found), encoding="utf-8")
    for one in found:
        if one.runtime and not one.suitable:
            print(f"error: {one.name} {one.version}: licence {one.licence or 'unknown'}", file=sys.stderr)
    print(f"docs/licences.md: {len(found)} packages")
    return int(any(one.runtime and not one.suitable for one in found))


if __name__ == "__main__":
    sys.exit(main())
