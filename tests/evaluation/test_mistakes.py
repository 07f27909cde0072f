"""What `medgenius evaluate` refuses: a wrong setting, a damaged run, an item that can't be asked; each in one line."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from medgenius.config.app import composed
from medgenius.config.evaluate import EvaluateConfig
from medgenius.errors import ConfigError, DataError, RunError
from medgenius.files import Json, write_jsonl
from medgenius.runs import Run
from tests.evaluation.support import evaluated_into
from tests.support import ROOT


def test_where_nothing_can_be_measured_it_says_so(tiny_run: Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        evaluated_into(tmp_path / "out", tiny_run.path, "evaluation.metrics=[choices,empathy]")
    assert str(raised.value) == (
        "nothing to measure: choices (evaluation.choices.path names no file), "
        "empathy (evaluation.empathy.model names no classifier)"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (["run.path=/nowhere"], "run=/nowhere: there is no such run directory"),
        (["run.path={tmp}", "evaluation.metrics=[bleurt]"], "evaluation.metrics"),
        (["run.path={tmp}", "evaluation.metrics=[length,length]"], "length stands there 2 times"),
        (
            ["run.path={tmp}", "evaluation.choices.path=/no.jsonl"],
            "evaluation.choices.path=/no.jsonl: there is no such file",
        ),
        (
            ["run.path={tmp}", "evaluation.metrics=[length]", "evaluation.choices.path=README.md"],
            "evaluation.choices.path=README.md needs choices or choices_text or calibration among evaluation.metrics",
        ),
        (
            ["run.path={tmp}", "evaluation.metrics=[choices]", "evaluation.dialogues.path=README.md"],
            "evaluation.dialogues.path=README.md needs a metric among evaluation.metrics that is not choices",
        ),
    ],
)
def test_a_wrong_setting_is_one_line(overrides: list[str], says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        composed(EvaluateConfig, *(word.replace("{tmp}", str(tmp_path)) for word in overrides))
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("evaluate", "run is needed here and has no default: add run=…"),
        ("evaluate run={tmp} evaluation=slow", "there are: full, quick"),
        ("evaluate run={tmp} evaluation.limit=3", "unknown key evaluation.limit: did you mean evaluation.max_items?"),
        ("compare", "runs is needed here"),
        ("compare {tmp}/none", "{tmp}/none: there is no such directory"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line(arguments: str, says: str, tmp_path: Path) -> None:
    line = [sys.executable, "-m", "medgenius.cli", *arguments.replace("{tmp}", str(tmp_path)).split()]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("error: ")
    assert says.replace("{tmp}", str(tmp_path)) in done.stderr
    assert done.stdout == ""


def test_a_damaged_run_or_item_is_one_line(tiny_run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    right: dict[str, Json] = {"id": "q0", "question": "Which?", "choices": ["one", "two", "three"], "answer": 0}
    write_jsonl(bad, [right, {**right, "id": "q1", "answer": 3}])
    with pytest.raises(DataError, match=r"bad\.jsonl:2: 'answer' is 3, and there are choices 0 to 2"):
        evaluated_into(tmp_path / "out", tiny_run.path, f"evaluation.choices.path={bad}")
    assert not (tmp_path / "out").exists()

    copy = tmp_path / "copy"
    shutil.copytree(tiny_run.path, copy)
    shutil.rmtree(copy / "adapter")
    with pytest.raises(RunError, match="has no trained adapter: a run that did not finish can't be evaluated"):
        evaluated_into(tmp_path / "out", copy)
    (copy / "config.yaml").write_text("lora: {rank: 3}\n")
    with pytest.raises(RunError, match=r"config\.yaml is of another version of MedGenius "):
        evaluated_into(tmp_path / "out", copy)
    with pytest.raises(RunError, match=r"is no run directory: it has no config\.yaml"):
        evaluated_into(tmp_path / "out", tmp_path)


@pytest.mark.parametrize(
    ("key", "row", "overrides", "says"),
    [
        (
            "choices.path",
            {"id": "long", "question": "Which? " * 3000, "choices": ["one", "two"], "answer": 0},
            ["evaluation.metrics=[choices]"],
            r"items\.jsonl: long comes to 21,\d+ tokens, and the model holds 8,192",
        ),
        (
            "dialogues.path",
            {"input": "I have a cold. What helps?", "output": "Rest."},
            ["evaluation.metrics=[length]", "evaluation.max_new_tokens=8192"],
            r"dialogues: items\.jsonl:1 comes to 8,\d+ tokens with evaluation\.max_new_tokens=8192, and the model",
        ),
        (
            "dialogues.path",
            {"input": "I have a cold. What helps?", "output": "Rest."},
            ["evaluation.metrics=[likelihood]", "evaluation.system=rag", "evaluation.retrieved=20"],
            r"dialogues: items\.jsonl:1 comes to [\d,]+ tokens with evaluation\.retrieved=20, and the model",
        ),
    ],
)
def test_an_item_that_does_not_fit_is_named_before_any_is_asked(  # noqa: PLR0917
    key: str, row: dict[str, Json], overrides: list[str], says: str, tiny_run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "items.jsonl"
    write_jsonl(path, [row])
    with pytest.raises(DataError, match=says):
        evaluated_into(
            tmp_path / "out", tiny_run.path, "evaluation.max_items=2", *overrides, f"evaluation.{key}={path}"
        )
    assert len((tmp_path / "out" / "evaluation.jsonl").read_text().splitlines()) == 1
