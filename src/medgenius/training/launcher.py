"""Several processes from one command: starts them, watches over them, and ends all when one has failed.

Light on purpose: this process only waits. What each does is `medgenius.training.worker`.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

from medgenius.errors import STOP_STATUS, Interrupted
from medgenius.runs import Run

_GRACE = 20.0
"""Seconds for the first process to write its summary, after another has failed."""

_Worker = subprocess.Popen[bytes]


def run_workers(run: Run, processes: int, lock: int) -> int:
    """Train with one worker per device; the run directory holds config.yaml already. Gives the exit status.

    Args:
        lock: file descriptor of the run's lock; each worker holds it too, so that it ends with the last of them
    """
    command = [sys.executable, "-m", "medgenius.training.worker", str(run.path), run.title]
    return supervise(command, processes, inherited=(lock,))


def supervise(command: Sequence[str], processes: int, inherited: Sequence[int] = ()) -> int:
    """Run a command in several processes, told apart by torchrun's variables, until all are done or one fails.

    Each is in a session of its own, so that Ctrl-C reaches this process alone. A signal that asks the run to end is
    passed on to the first process, which tells the others.

    Raises:
        Interrupted: such a signal came, and all have ended.
    """
    shared = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(_free_port()),
        "WORLD_SIZE": str(processes),
        "GLOO_SOCKET_IFNAME": "lo",  # gloo would look the host's name up, which not every machine can
    }
    workers: list[_Worker] = []
    with _passing_on(workers) as asked:
        try:
            for rank in range(processes):
                place = {"RANK": str(rank), "LOCAL_RANK": str(rank)}
                environment = {**os.environ, **shared, **place}
                workers.append(
                    subprocess.Popen(command, env=environment, start_new_session=True, pass_fds=inherited)  # noqa: S603
                )
            status = _watch(workers, asked)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
        if asked and status not in {1, 2}:  # nothing else was wrong
            name = asked[0].name
            raise Interrupted(f"stopped by {name}", STOP_STATUS[asked[0]], between_steps=False)
        return status


@contextmanager
def _passing_on(workers: Sequence[_Worker]) -> Iterator[list[signal.Signals]]:
    """Gives the list of the signals that have come; those that this process was started to ignore do not come."""
    asked: list[signal.Signals] = []

    def pass_on(number: int, _: FrameType | None) -> None:
        asked.append(signal.Signals(number))
        if workers:
            workers[0].send_signal(number)  # nothing happens where it has ended
        else:
            raise Interrupted(f"stopped by {asked[0].name}", STOP_STATUS[asked[0]], between_steps=False)

    previous = {number: signal.getsignal(number) for number in STOP_STATUS}
    for number, handler in previous.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, pass_on)
    try:
        yield asked
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _watch(workers: Sequence[_Worker], asked: Sequence[signal.Signals]) -> int:
    """Wait for all, or for the first that ends otherwise than well.

    Then the others have nothing left to do. The first process notices at its next exchange, and has time to write the
    summary of a failed run; as much as it needs where all were asked to end.
    """
    while True:
        statuses = [worker.poll() for worker in workers]
        ended = next((rank for rank, status in enumerate(statuses) if status), None)
        if ended is not None:
            break
        if all(status == 0 for status in statuses):
            return 0
        time.sleep(0.1)
    status = statuses[ended] or 1
    if asked and (ended == 0 or status in STOP_STATUS.values() or -status in STOP_STATUS):
        return workers[0].wait()
    if status < 0:
        name = signal.Signals(-status).name
        memory = " (out of memory?)" if name == "SIGKILL" else ""
        print(f"error: process {ended} of {len(workers)} was ended by {name}{memory}", file=sys.stderr)
    for worker in workers[1:]:
        worker.kill()
    with suppress(subprocess.TimeoutExpired):
        workers[0].wait(_GRACE)
    return status if status > 0 else 1


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
