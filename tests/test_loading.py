"""Every place in the source that loads something: none unpickles, evaluates, or lets a model bring code."""

import ast
from pathlib import Path

import pytest

import medgenius

MODULES = sorted(Path(medgenius.__file__).parent.rglob("*.py"))
_MODULES_THAT_UNPICKLE = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
_CALLS = {"eval", "exec", "os.system", "os.popen", "torch.load", "yaml.load", "yaml.unsafe_load"}


def calls(file: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.name))
def test_nothing_is_unpickled_or_evaluated(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name.partition(".")[0] for name in imported} & _MODULES_THAT_UNPICKLE
    called = {ast.unparse(call.func) for call in calls(file)}
    assert not called & _CALLS


def test_numpy_loads_no_pickles() -> None:
    """Its default since 1.16.3."""
    for file in MODULES:
        for call in calls(file):
            assert all(keyword.arg != "allow_pickle" for keyword in call.keywords), f"{file}:{call.lineno}"


def test_every_from_pretrained_of_transformers_says_that_no_code_is_run() -> None:
    found = 0
    for file in MODULES:
        for call in calls(file):
            if not (isinstance(call.func, ast.Attribute) and call.func.attr == "from_pretrained"):
                continue
            settings = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
            assert settings.get("trust_remote_code") == "False", f"{file}:{call.lineno}"
            found += 1
    assert found >= 5


def test_nothing_else_trusts_remote_code() -> None:
    for file in MODULES:
        assert "trust_remote_code=True" not in file.read_text(encoding="utf-8"), file
