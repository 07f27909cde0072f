"""From Enter to the first optimizer step, by stage: `python benchmarks/startup.py [runs] [overrides]`.

Each run is a `train.py` in a process of its own that ends where its first step would begin. Wall seconds count from the
start of the process; CPU seconds are those of all its threads. The first run fills the caches and is left out.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

STAGES = {
    "load_tokenizer": "tokenizer",
    "prepare_data": "rows and their token ids",
    "load_backbone": "model: load, quantise, unpack",
    "add_adapter": "adapter",
    "wandb_logger": "W&B",
}
"""Functions that medgenius.training.train calls, in order."""


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as root:
        results = [_result(Path(root) / f"{number}.json") for number in range(runs + 1)][1:]
    print(f"median of {runs} runs, seconds; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print("| stage | wall | CPU |\n|---|---:|---:|")
    for stage in results[0]:
        wall, cpu = (statistics.median(result[stage][i] for result in results) for i in (0, 1))
        print(f"| {stage} | {wall:.2f} | {cpu:.2f} |")
    wall, cpu = (statistics.median(sum(times[i] for times in result.values()) for result in results) for i in (0, 1))
    print(f"| **Enter to the first step** | **{wall:.2f}** | **{cpu:.2f}** |")


def _result(file: Path) -> dict[str, tuple[float, float]]:
    line = [sys.executable, __file__, "--one", str(file), *sys.argv[2:], f"run.root={file.parent}"]
    subprocess.run(line, stdout=subprocess.DEVNULL, check=True)  # noqa: S603  this file itself
    result: dict[str, tuple[float, float]] = json.loads(file.read_text(encoding="utf-8"))
    return result


class Stages:
    """Seconds between marks, from the start of the process on."""

    def __init__(self) -> None:
        self.seconds: dict[str, tuple[float, float]] = {}
        self._last = (0.0, 0.0)

    def mark(self, stage: str) -> None:
        """What was done since the last mark."""
        after_name = Path("/proc/self/stat").read_text(encoding="ascii").rsplit(")", 1)[1]
        began = int(after_name.split()[19]) / os.sysconf("SC_CLK_TCK")
        now = (time.clock_gettime(time.CLOCK_BOOTTIME) - began, time.process_time())
        self.seconds[stage] = (now[0] - self._last[0], now[1] - self._last[1])
        self._last = now


def one_run() -> None:
    """A run whose stages are marked, up to its first step."""
    stages = Stages()
    file = Path(sys.argv[2])
    sys.argv = ["train.py", *sys.argv[3:]]
    from medgenius import cli, runs  # noqa: PLC0415  part of what is timed

    write_config = runs.write_config

    def imported(*arguments: object) -> None:
        """The first thing that a run does once everything is imported."""
        from medgenius.training import train  # noqa: PLC0415

        stages.mark("imports of torch, Lightning, transformers, PEFT, bitsandbytes")
        for name, stage in STAGES.items():
            setattr(train, name, _marked(stages, stage, getattr(train, name)))
        train.FineTuning.training_step = stop  # type: ignore[assignment,method-assign]
        write_config(*arguments)  # type: ignore[arg-type]

    def stop(*_: object) -> NoReturn:
        stages.mark("Lightning's loop up to the step")
        file.write_text(json.dumps(stages.seconds), encoding="utf-8")
        os._exit(0)

    runs.write_config = imported
    create_run = cli.create_run

    def composed(*arguments: object) -> runs.Run:
        stages.mark("Python, Hydra, config")
        return create_run(*arguments)  # type: ignore[arg-type]

    cli.create_run = composed
    sys.exit(cli.train_main())


def _marked(stages: Stages, stage: str, function: Callable[..., object]) -> Callable[..., object]:
    def marked(*arguments: object) -> object:
        result = function(*arguments)
        stages.mark(stage)
        return result

    return marked


if __name__ == "__main__":
    one_run() if sys.argv[1:2] == ["--one"] else main()
