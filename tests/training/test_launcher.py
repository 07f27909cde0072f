"""Processes started and watched over: light ones of a line or two, so that each end of a run takes a second."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

_SUPERVISE = """
import sys
from medgenius.training.launcher import supervise
try:
    sys.exit(supervise([sys.executable, "-c", sys.argv[1]], 2))
except KeyboardInterrupt:
    sys.exit(130)
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


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopping_the_launcher_tells_the_first_once_and_ends_all(
    number: signal.Signals, status: int, tmp_path: Path
) -> None:
    work = f"""
import pathlib, signal
def note(number, _):
    with open({str(tmp_path)!r} + f"/{{rank}}", "a") as file: file.write(f"{{number}} ")
    sys.exit(1)
signal.signal(signal.{number.name}, note)
pathlib.Path({str(tmp_path)!r}, f"{{rank}}").write_text(f"{{os.getpid()}} ")
time.sleep(60)
"""
    running = supervised(work)
    deadline = time.monotonic() + 20
    while len(list(tmp_path.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)
    pid = {rank: (tmp_path / rank).read_text().strip() for rank in ("0", "1")}
    running.send_signal(number)
    running.communicate(timeout=30)

    assert running.returncode == status
    assert (tmp_path / "0").read_text().split() == [pid["0"], str(int(number))]
    assert (tmp_path / "1").read_text().split() == [pid["1"]]
    assert not any(Path(f"/proc/{number}").exists() for number in pid.values())
