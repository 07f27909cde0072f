"""One process at a time in a run directory; a lock whose process has ended is no lock."""

import errno
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from medgenius.errors import RunError
from medgenius.lock import Owner, locked
from medgenius.runs import Run

_HOLD = """
import sys, time
from pathlib import Path
from medgenius.lock import locked
from medgenius.runs import Run
with locked(Run(Path(sys.argv[1]), "run")):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path, "run")


def holder(run: Run) -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", _HOLD, str(run.path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_refused_with_the_number_of_the_first(run: Run) -> None:
    process = holder(run)
    try:
        with pytest.raises(RunError, match=f"is in use: process {process.pid} on .* trains there"), locked(run):
            pass
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def test_the_lock_of_a_killed_process_is_taken_over(run: Run) -> None:
    process = holder(run)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert run.lock.exists()

    with locked(run):
        assert json.loads(run.lock.read_text())["pid"] == os.getpid()
    assert not run.lock.exists()


def test_a_lock_ends_with_its_block_also_when_that_fails(run: Run) -> None:
    with pytest.raises(ValueError, match="inside"), locked(run):
        raise ValueError("inside")
    with locked(run):
        pass


@pytest.fixture
def no_flock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without locks, as some network ones are."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)


@pytest.mark.usefixtures("no_flock")
def test_without_kernel_locks_a_living_owner_is_believed_and_a_dead_one_is_not(run: Run) -> None:
    process = holder(run)
    try:
        with pytest.raises(RunError, match=f"process {process.pid} on "), locked(run):
            pass
    finally:
        process.kill()
        process.wait()
    with locked(run):
        pass


@pytest.mark.usefixtures("no_flock")
@pytest.mark.parametrize(
    ("change", "taken"),
    [
        ({}, True),
        ({"started": "another boot 17"}, False),  # the number has gone to another process since
        ({"host": "elsewhere"}, True),  # of another machine nothing is certain
    ],
)
def test_an_owner_is_told_apart_from_a_later_process_of_its_number(
    run: Run, change: dict[str, str], taken: bool
) -> None:
    this = Owner.this()
    written = {"pid": this.pid, "host": this.host, "started": this.started} | change
    run.lock.write_text(json.dumps(written))
    if taken:
        with pytest.raises(RunError, match=re.escape(f"process {this.pid} on {written['host']}")), locked(run):
            pass
    else:
        with locked(run):
            pass


@pytest.mark.usefixtures("no_flock")
@pytest.mark.parametrize("content", [b"", b"{", b"\xff\x00", b"[]", b'{"pid": "x"}'])
def test_a_damaged_lock_without_an_owner_is_taken_over(run: Run, content: bytes) -> None:
    run.lock.write_bytes(content)
    with locked(run):
        pass
