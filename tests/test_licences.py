"""What a program under the Apache licence may depend on, and what an audit says of it."""

import importlib.util
import json
import sys
from types import ModuleType

import pytest

from tests.support import ROOT


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / f"scripts/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


LICENCES = script("licences")
AUDIT = script("audit")


def test_every_runtime_dependency_has_a_known_and_suitable_licence() -> None:
    found = LICENCES.licences()

    assert {"torch", "transformers", "hydra-core", "pyarrow"} <= {one.name for one in found if one.runtime}
    assert [f"{one.name}: {one.licence}" for one in found if one.runtime and not one.suitable] == []


@pytest.mark.parametrize(
    ("licence", "suitable"),
    [
        ("MIT", True),
        ("Apache-2.0 OR BSD-3-Clause", True),
        ("GPL-2.0-or-later OR MIT", True),
        ("Mozilla Public License 2.0 (MPL 2.0)", True),
        ("AGPL-3.0-only", False),
        ("BSD-3-Clause AND GPL-3.0-only", False),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_what_is_suitable(licence: str, suitable: bool) -> None:
    assert LICENCES.Licensed("x", "1", licence, runtime=True).suitable is suitable


def test_the_page_lists_every_runtime_dependency() -> None:
    text = (ROOT / "docs/licences.md").read_text(encoding="utf-8")

    assert [one.name for one in LICENCES.licences() if one.runtime and f"| {one.name} | " not in text] == []


_CLEAN = {"name": "a", "version": "1", "vulns": []}
_HOLED = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-0", "fix_versions": ["3"], "aliases": []}]}
_SKIPPED = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("found", "status", "words"),
    [
        ([_CLEAN], 0, "1 of 1 packages looked up, 0 vulnerabilities known"),
        ([_CLEAN, _HOLED], 1, "b 2: PYSEC-0, mended in 3"),
        ([_SKIPPED, _HOLED], 1, "1 of 2 packages looked up"),
        ([_SKIPPED, _CLEAN], 3, "1 of 2 packages looked up"),
        ([_SKIPPED], 3, "nothing was audited"),
    ],
)
def test_an_audit_that_looked_nothing_up_is_no_success(found: list[dict[str, object]], status: int, words: str) -> None:
    given, text = AUDIT.told(json.dumps({"dependencies": found}), "")

    assert given == status
    assert words in text


def test_an_audit_without_a_database_is_one_line() -> None:
    assert AUDIT.told("", "x\nConnectionError: no route")[0] == 3
    assert len(AUDIT.told("", "x\nConnectionError: no route")[1].splitlines()) == 1
