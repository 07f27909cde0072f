"""Several processes from one command: starts them, watches over them, and ends all when one has failed.

Light on purpose: this process only waits. What each does is `medgenius.training.worker`.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

from medgenius.runs import Run

_GRACE = 20.0
"""Seconds for the first process to write its summary, after it was told to stop or after another has failed."""

_Worker = subprocess.Popen[bytes]


def run_workers(run: Run, processes: int) -> int:
    """Train with one worker per device; the run directory holds config.yaml already. Gives the exit status."""
    return supervise([sys.executable, "-m", "medgenius.training.worker", str(run.path), run.title], processes)


def supervise(command: Sequence[str], processes: int) -> int:
    """Run a command in several processes, told apart by torchrun's variables, until all are done or one fails.

    Each is in a session of its own, so that Ctrl-C reaches this process alone. It stops the first, which writes down
    how far the run came; the others have nothing to write.
    """
    shared = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(_free_port()),
        "WORLD_SIZE": str(processes),
        "GLOO_SOCKET_IFNAME": "lo",  # gloo would look the host's name up, which not every machine can
    }
    signal.signal(signal.SIGTERM, _as_exit)
    workers: list[_Worker] = []
    try:
        for rank in range(processes):
            place = {"RANK": str(rank), "LOCAL_RANK": str(rank)}
            workers.append(subprocess.Popen(command, env={**os.environ, **shared, **place}, start_new_session=True))  # noqa: S603
        return _watch(workers)
    except KeyboardInterrupt:
        _stop(workers, signal.SIGINT)
        raise
    finally:
        _stop(workers, signal.SIGTERM)


def _watch(workers: Sequence[_Worker]) -> int:
    """Wait for all, or for the first that fails.

    Then the others have nothing left to do. The first notices at its next exchange, and has time to write the summary
    of a failed run.
    """
    while True:
        statuses = [worker.poll() for worker in workers]
        failed = next((rank for rank, status in enumerate(statuses) if status), None)
        if failed is None:
            if all(status == 0 for status in statuses):
                return 0
            time.sleep(0.1)
            continue
        status = statuses[failed] or 1
        if status < 0:
            name = signal.Signals(-status).name
            memory = " (out of memory?)" if name == "SIGKILL" else ""
            print(f"error: process {failed} of {len(workers)} was ended by {name}{memory}", file=sys.stderr)
        for worker in workers[1:]:
            worker.kill()
        _wait(workers[0])
        return status if status > 0 else 1


def _stop(workers: Sequence[_Worker], number: signal.Signals) -> None:
    if workers:
        workers[0].send_signal(number)  # nothing happens where it has ended
        _wait(workers[0])
    for worker in workers:
        worker.kill()
        worker.wait()


def _wait(worker: _Worker) -> None:
    with suppress(subprocess.TimeoutExpired):
        worker.wait(_GRACE)


def _as_exit(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
