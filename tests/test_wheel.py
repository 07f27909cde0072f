"""The built package trains from an empty folder, without the checkout."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support import ROOT


def _run(*line: str, cwd: Path, **environment: str) -> str:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        line, cwd=cwd, env=plain | environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_installed_wheel_trains_from_an_empty_folder(tmp_path: Path) -> None:
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    _run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(ROOT), cwd=tmp_path)
    (wheel,) = tmp_path.glob("medgenius-*.whl")
    site, empty = tmp_path / "site", tmp_path / "empty"
    _run(*pip, "install", "--no-deps", "--target", str(site), str(wheel), cwd=tmp_path)
    empty.mkdir()

    where = _run(sys.executable, "-c", "import medgenius; print(medgenius.__file__)", cwd=empty, PYTHONPATH=str(site))
    assert Path(where.strip()).is_relative_to(site)
    overrides = ("model=tiny", "trainer.max_steps=1", "data.max_rows=40", "data.max_length=512", "tracking=off")
    output = _run(sys.executable, str(site / "bin" / "medgenius"), "train", *overrides, cwd=empty, PYTHONPATH=str(site))

    last = output.strip().splitlines()[-1]
    assert last.startswith(f"run: {empty}/runs/")
    assert (Path(last.removeprefix("run: ")) / "summary.json").is_file()
