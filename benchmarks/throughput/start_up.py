"""Time from Enter to the first optimizer step."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

_ROOT = Path(__file__).parents[2]
_PATIENCE = 600.0
"""Seconds after which a run is given up"""


class StartUp(NamedTuple):
    """Seconds since Enter."""

    begun: float
    """Until everything is loaded and the first step begins: the line that names the engine."""
    stepped: float
    """Until metrics.jsonl tells of the first step."""


def start_up(overrides: Sequence[str]) -> StartUp:
    """Of `python train.py trainer.max_steps=1 …`; nothing is left out.

    Raises:
        RuntimeError: the run ended without a step.
    """
    with tempfile.TemporaryDirectory() as root:
        given = ["trainer.max_steps=1", "tracking=off", f"run.root={root}", "run.name=start_up", *overrides]
        metrics, said = Path(root) / "start_up" / "metrics.jsonl", Path(root) / "output.txt"
        started = time.perf_counter()
        with said.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(  # noqa: S603  ourselves
                [sys.executable, "train.py", *given],
                cwd=_ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )

        def has_begun() -> bool:
            return "\nengine " in said.read_text(encoding="utf-8")

        def has_stepped() -> bool:
            return metrics.is_file() and '"train/loss"' in metrics.read_text(encoding="utf-8")

        def seconds_until(reached: Callable[[], bool]) -> float:
            while not reached():
                if process.poll() is not None:
                    raise RuntimeError(said.read_text(encoding="utf-8").strip()[-300:])
                if time.perf_counter() - started > _PATIENCE:
                    raise RuntimeError(f"no optimizer step in {_PATIENCE:.0f} s")
                time.sleep(0.02)
            return time.perf_counter() - started

        try:
            return StartUp(seconds_until(has_begun), seconds_until(has_stepped))
        finally:
            process.kill()
            process.wait()
