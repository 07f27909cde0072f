"""The README's commands: each exists, and what it sets is accepted."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT

_README = (ROOT / "README.md").read_text(encoding="utf-8")
_LINES = [
    line.split("#")[0].strip()
    for block in re.findall(r"```bash\n(.*?)```", _README, flags=re.DOTALL)
    for line in block.splitlines()
]
_TRAIN = [line for line in _LINES if line.startswith("python train.py")]
_MAKE = [line for line in _LINES if line.startswith("make ")]


@pytest.mark.parametrize("line", _TRAIN)
def test_every_train_command_composes(line: str, tmp_path: Path) -> None:
    (tmp_path / "clean").mkdir()
    for name in ("my.jsonl", "clean/dialogues.jsonl"):
        (tmp_path / name).write_text('{"input": "a?", "output": "b."}\n')
    arguments = [word.replace("data.path=", f"data.path={tmp_path}/") for word in shlex.split(line)[2:]]
    if "-m" in arguments:  # Hydra prints the config of one job only
        arguments = [word.split(",")[0] for word in arguments if word != "-m"]
    if "--cfg" not in arguments:
        arguments = ["--cfg", "job", *arguments]
    done = subprocess.run(
        [sys.executable, "train.py", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    for override in (word for word in arguments if re.fullmatch(r"\w+\.\w+=\d+", word)):
        key, value = override.split("=")
        assert f"{key.split('.')[1]}: {value}" in done.stdout


@pytest.mark.parametrize("line", _MAKE)
def test_every_make_target_exists(line: str) -> None:
    dry = subprocess.run(
        ["make", "--dry-run", line.split()[1]], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert dry.returncode == 0, dry.stderr


def test_there_are_two_make_commands_and_ten_lines_of_overrides() -> None:
    assert {"make train", "make test"} <= set(_MAKE)
    assert len(_TRAIN) >= 10
