"""The tiny run with an evaluation, and what publishing it gives, made once."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from medgenius.evaluation.header import adapter_digest
from medgenius.runs import Run
from tests.support import ROOT

METRICS = {
    "rouge_l": {"base": 0.11, "tuned": 0.17, "difference": 0.06, "low": 0.04, "high": 0.083, "n": 46, "unparsed": 0},
    "safety/emergency_recall": {
        "base": 0.5,
        "tuned": 0.75,
        "difference": 0.25,
        "low": -0.01,
        "high": 0.5,
        "n": 8,
        "unparsed": 1,
    },
}
CAVEAT = "empathy is that of a small classifier; its macro-F1 is 0.66"


@pytest.fixture(scope="session")
def evaluated_run(tiny_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = tmp_path_factory.mktemp("evaluated") / "r=4,tiny"
    shutil.copytree(tiny_run.path, path)
    run = Run(path, path.name)
    evaluate(run)
    return run


def evaluate(run: Run, system: str = "model") -> None:
    """As an evaluation of its adapter leaves it."""
    run.evaluation.path.mkdir(exist_ok=True)
    found = {"system": system, "metrics": METRICS, "caveats": [CAVEAT], "not_measured": {"judge": "no endpoint"}}
    run.evaluation.results.write_text(json.dumps(found))
    header = {"medgenius_evaluation": 1, "run": {"adapter": adapter_digest(run)}}
    run.evaluation.records.write_text(json.dumps(header) + "\n")


def publish_line(run: Run, output: Path, *more: str) -> list[str]:
    # A random model's own probabilities say little; how near the merge is has tests of its own.
    loose = "publish.fidelity.full={max_kl:1,min_agreement:0.2}"
    return [sys.executable, "-m", "medgenius.cli", "publish", f"run={run.path}", f"output={output}", loose, *more]


@pytest.fixture(scope="session")
def published(evaluated_run: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder, and what was said."""
    output = tmp_path_factory.mktemp("published") / "all"
    done = subprocess.run(
        publish_line(evaluated_run, output, "publish.verify=true"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return output, done.stdout
