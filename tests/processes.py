"""Real processes that run `python train.py`: to their end, or until a test kills them.

They are forked from a server that has imported everything and computed nothing, which saves the imports of each one.
"""

import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.support import ROOT

LINE = (
    "model=tiny",
    "model.hidden_size=32",
    "model.intermediate_size=64",
    "lora.r=4",
    "lora.dropout=0.1",  # draws random numbers in every step
    "lora.target_modules=[q_proj,down_proj]",
    "optimizer=adamw_8bit",
    "data=jsonl",
    "data.max_length=256",
    "trainer.batch_size=6",
    "trainer.tokens_per_pass=384",  # several passes in a step
    "trainer.epochs=4",
    "trainer.validate_every=5",
    "trainer.checkpoint_every=3",
    "tracking=off",
)
"""28 steps in four epochs; checkpoints, validations and ends of epochs fall on different steps."""

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["medgenius.training.train", "tests.processes"])


class Process(Protocol):
    """What the tests use of a started process."""

    @property
    def pid(self) -> int | None: ...

    @property
    def exitcode(self) -> int | None: ...

    def join(self, timeout: float | None = None) -> None: ...

    def is_alive(self) -> bool: ...

    def kill(self) -> None: ...


@dataclass(frozen=True)
class Started:
    process: Process
    output: Path

    def status(self, timeout: float = 240) -> int:
        """Exit status, negative for the signal that ended it."""
        self.process.join(timeout)
        if self.process.exitcode is None:
            self.process.kill()
            raise AssertionError(f"still running after {timeout} s:\n{self.text}")
        return self.process.exitcode

    @property
    def text(self) -> str:
        """What it printed."""
        return self.output.read_text(encoding="utf-8")

    def send(self, number: signal.Signals) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, number)


def write_dialogues(path: Path, count: int = 44) -> None:
    """4 of 44 are for validation, so that an epoch has 7 steps."""
    if not path.exists():
        answers = [f"It is {8 * i}{', I think' * (i % 5)}." for i in range(count)]
        rows = [{"input": f"What is {i} and {7 * i}?", "output": answer} for i, answer in enumerate(answers)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def start(
    root: Path,
    *overrides: str,
    prepare: Callable[[], None] | None = None,
    data: bool = True,
    environment: Mapping[str, str] | None = None,
) -> Started:
    """`python train.py` with `overrides`, and `data.path` unless `data` is off; `prepare` runs in the new process."""
    root.mkdir(parents=True, exist_ok=True)
    write_dialogues(root / "dialogues.jsonl")
    output = root / f"output-{len(list(root.glob('output-*')))}.txt"
    arguments = [f"data.path={root}/dialogues.jsonl"] * data + [*overrides, f"run.root={root}"]
    output.touch()
    return _forked(arguments, output, output, prepare, environment or {})


def train(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python train.py` with these arguments, to its end."""
    with tempfile.TemporaryDirectory() as name:
        told, errors = Path(name, "told"), Path(name, "errors")
        status = _forked(arguments, told, errors, None, {**os.environ, **environment}).status()
        return subprocess.CompletedProcess(arguments, status, told.read_text("utf-8"), errors.read_text("utf-8"))


def _forked(
    arguments: Sequence[str],
    told: Path,
    errors: Path,
    prepare: Callable[[], None] | None,
    environment: Mapping[str, str],
) -> Started:
    process = _CONTEXT.Process(target=_main, args=(list(arguments), str(told), str(errors), prepare, dict(environment)))
    process.start()
    return Started(process, told)


def start_two(
    root: Path,
    *overrides: str,
    prepare: Callable[[], None] | None = None,
    data: bool = True,
    environment: Mapping[str, str] | None = None,
) -> tuple[Started, Started]:
    """Two processes of one run, told their places as torchrun tells them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "GLOO_SOCKET_IFNAME": "lo", "WORLD_SIZE": "2"}
    meeting |= environment or {}
    first, second = (
        start(root, *overrides, prepare=prepare, data=data, environment={**meeting, "RANK": rank, "LOCAL_RANK": rank})
        for rank in ("0", "1")
    )
    return first, second


def _main(
    arguments: list[str], told: str, errors: str, prepare: Callable[[], None] | None, environment: Mapping[str, str]
) -> None:
    for number, path in ((1, told), (2, errors)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell's children ignore it
    os.chdir(ROOT)
    os.environ.update(environment)
    import torch  # noqa: PLC0415  the test process itself needs none of this

    from medgenius.cli import train_main  # noqa: PLC0415

    torch.set_num_threads(1)
    sys.argv = ["train.py", *arguments]
    if prepare:
        prepare()
    status = train_main()
    sys.stdout.flush()
    sys.exit(status)
