"""Time from Enter to the end of the first optimizer step."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_PATIENCE = 600.0
"""Seconds after which a run is given up"""


def seconds_to_first_step(overrides: Sequence[str]) -> float:
    """Of `python train.py trainer.max_steps=1 …`: until metrics.jsonl tells of the first step; nothing is left out.

    Raises:
        RuntimeError: the run ended without a step.
    """
    with tempfile.TemporaryDirectory() as root:
        given = ["trainer.max_steps=1", "tracking=off", f"run.root={root}", "run.name=start_up", *overrides]
        metrics, said = Path(root) / "start_up" / "metrics.jsonl", Path(root) / "output.txt"
        started = time.perf_counter()
        with said.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(  # noqa: S603  ourselves
                [sys.executable, "train.py", *given], cwd=_ROOT, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            while time.perf_counter() - started < _PATIENCE:
                if metrics.is_file() and '"train/loss"' in metrics.read_text(encoding="utf-8"):
                    return time.perf_counter() - started
                if process.poll() is not None:
                    raise RuntimeError(said.read_text(encoding="utf-8").strip()[-300:])
                time.sleep(0.02)
            raise RuntimeError(f"no optimizer step in {_PATIENCE:.0f} s")
        finally:
            process.kill()
            process.wait()
