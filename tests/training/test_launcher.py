"""Processes started and watched over: light ones of a line or two, so that each end of a run takes a second."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from medgenius.lock import locked
from medgenius.runs import Run

_SUPERVISE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell's children ignore it
from medgenius.errors import Interrupted
from medgenius.training.launcher import supervise
try:
    sys.exit(supervise([sys.executable, "-c", sys.argv[1]], 2))
except Interrupted as stop:
    print(stop)
    sys.exit(stop.status)
"""
_WORKER = "import os, sys, time; rank = int(os.environ['RANK'])\n"


def supervised(work: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", _SUPERVISE, _WORKER + work]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_each_process_knows_its_place_and_all_end_well() -> None:
    done = supervised("print(rank, os.environ['LOCAL_RANK'], os.environ['WORLD_SIZE'], os.environ['MASTER_ADDR'])")
    output, _ = done.communicate(timeout=20)

    assert sorted(output.splitlines()) == ["0 0 2 127.0.0.1", "1 1 2 127.0.0.1"]
    assert done.returncode == 0


@pytest.mark.parametrize("failing", [0, 1])
def test_one_that_fails_ends_the_others_and_gives_its_status(failing: int) -> None:
    started = time.monotonic()
    done = supervised(f"sys.exit(3) if rank == {failing} else time.sleep(2 if rank == 0 else 60)")
    done.communicate(timeout=30)

    assert done.returncode == 3
    assert time.monotonic() - started < 15


def test_what_a_signal_ended_is_named() -> None:
    done = supervised("os.kill(os.getpid(), 9) if rank == 1 else time.sleep(1)")
    _, errors = done.communicate(timeout=30)

    assert errors == "error: process 1 of 2 was ended by SIGKILL (out of memory?)\n"
    assert done.returncode == 1


_NOTING = """
import pathlib, signal
file = pathlib.Path({folder!r}, str(rank))
def note(number, _):
    with file.open("a") as stream: stream.write(f"{{number}} ")
    {answer}
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1): signal.signal(number, note)
file.write_text(f"{{os.getpid()}} ")
time.sleep(60)
"""


def noting(folder: Path, answer: str) -> "tuple[subprocess.Popen[str], dict[int, str]]":
    """Two processes that write down each signal and then answer it; they run by now. Also gives their numbers."""
    running = supervised(_NOTING.format(folder=str(folder), answer=answer))
    files = {rank: folder / str(rank) for rank in (0, 1)}
    deadline = time.monotonic() + 60
    while not all(file.is_file() and file.read_text() for file in files.values()) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)
    return running, {rank: file.read_text().strip() for rank, file in files.items()}


def assert_ended(folder: Path, pids: dict[int, str], *heard: signal.Signals) -> None:
    """The first heard these signals and the second none, and both are gone."""
    assert (folder / "0").read_text().split() == [pids[0], *(str(int(number)) for number in heard)]
    assert (folder / "1").read_text().split() == [pids[1]]
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids.values())


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 75), (signal.SIGUSR1, 75)])
def test_a_signal_is_told_to_the_first_once_and_all_end(number: signal.Signals, status: int, tmp_path: Path) -> None:
    running, pids = noting(tmp_path, f"sys.exit({status})")
    running.send_signal(number)
    output, errors = running.communicate(timeout=60)

    assert (running.returncode, output, errors) == (status, f"stopped by {number.name}\n", "")
    assert_ended(tmp_path, pids, number)


def test_the_first_may_take_its_time_after_a_signal_and_hears_the_next_one_too(tmp_path: Path) -> None:
    running, pids = noting(tmp_path, "if len(file.read_text().split()) > 2: sys.exit(130)")
    for _ in range(2):
        running.send_signal(signal.SIGINT)
        time.sleep(0.5)
    running.communicate(timeout=60)

    assert running.returncode == 130
    assert_ended(tmp_path, pids, signal.SIGINT, signal.SIGINT)


def test_an_error_after_a_signal_is_an_error(tmp_path: Path) -> None:
    running, pids = noting(tmp_path, "sys.exit(1)")
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)

    assert running.returncode == 1
    assert_ended(tmp_path, pids, signal.SIGTERM)


def test_processes_hold_what_they_inherit_until_the_last_has_ended(tmp_path: Path) -> None:
    """A launcher that is killed may leave processes for a moment: its run is in use for as long, and then free."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom medgenius.lock import locked\nfrom medgenius.runs import Run\n"
        "from medgenius.training.launcher import supervise\n"
        "with locked(Run(Path(sys.argv[1]), 'run')) as lock:\n"
        "    said = 'import os, time; os.write(1, b\"1\\\\n\"); time.sleep(4)'  # at once, however output is buffered\n"
        "    supervise([sys.executable, '-c', said], 2, (lock,))\n"
    )
    first = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    assert [first.stdout.readline(), first.stdout.readline()] == ["1\n", "1\n"]
    first.kill()
    first.wait()
    began = time.monotonic()

    with locked(Run(tmp_path, "run")):
        waited = time.monotonic() - began

    assert waited > 1
