"""Compiled kernels whose folder is damaged or can't be written, each time in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from medgenius.model.kernel_cache import _is_whole
from tests.support import ROOT

_SCRIPT = """
import sys, torch
from pathlib import Path
from medgenius.model import kernels
torch.manual_seed(0)
x, weight = torch.randn(5, 64), torch.randn(64)
plain = kernels.rms_norm(x, weight, 1e-5)[0]
kernels.compile_kernels(True, Path(sys.argv[1]))
torch.testing.assert_close(kernels.rms_norm(x, weight, 1e-5)[0], plain)
"""


def compile_one(folder: Path) -> str:
    """What a process says that compiles a kernel with this folder."""
    environment = {key: value for key, value in os.environ.items() if key != "TORCHINDUCTOR_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(folder)],
        cwd=ROOT,
        env={**environment, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def halve(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def test_a_library_is_whole_only_to_its_last_byte(tmp_path: Path) -> None:
    library = next((Path(sys.prefix) / "lib").rglob("*.so"))
    content = library.read_bytes()
    copy = tmp_path / "copy.so"
    for length, whole in ((len(content), True), (len(content) // 2, False), (63, False), (0, False)):
        copy.write_bytes(content[:length])
        assert _is_whole(copy) is whole
    copy.write_bytes(b"\0" * len(content))
    assert not _is_whole(copy)


@pytest.mark.faults
@pytest.mark.parametrize("harm", [halve, empty])
@pytest.mark.parametrize("pattern", ["*.so", "*.py"])
def test_damaged_kernels_are_said_and_compiled_anew(pattern: str, harm: Callable[[Path], None], tmp_path: Path) -> None:
    folder = tmp_path / "kernels"
    assert compile_one(folder) == ""
    harmed = list(folder.rglob(pattern))
    for file in harmed:
        harm(file)

    assert harmed
    assert compile_one(folder) == f"{folder} is damaged: kernels are compiled anew\n"
    assert compile_one(folder) == ""


@pytest.mark.faults
def test_a_folder_that_cannot_be_written_is_said_and_kernels_are_compiled_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    said = compile_one(tmp_path / "file/kernels")

    assert said.startswith("compiled kernels are not kept for the next run: ")
    assert "Not a directory" in said
