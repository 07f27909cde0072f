"""One process at a time in a run directory."""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from medgenius.errors import RunError
from medgenius.runs import Run

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_ENDING = 15.0
"""Seconds for the processes of an owner that was killed to end."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A process, told apart from a later one with its number."""

    pid: int
    host: str
    started: str
    """The boot of the machine and the clock ticks from it to the start of the process; no clock can be set back."""

    @classmethod
    def this(cls) -> "Owner":
        return cls(os.getpid(), socket.gethostname(), _started(os.getpid()) or "")

    def is_here(self) -> bool:
        """Whether it belongs to this machine as it runs now: a process that is not to be seen has then ended."""
        return self.host == socket.gethostname() and self.started.partition(" ")[0] == _boot()

    def may_live(self) -> bool:
        """False if this process has certainly ended; of another machine's nothing is certain."""
        return self.host != socket.gethostname() or _started(self.pid) == self.started


@contextmanager
def locked(run: Run) -> Iterator[int]:
    """Hold the run directory. A lock whose process has ended, however it ended, is taken over.

    Gives the lock's file descriptor: processes that inherit it hold the directory as well, for as long as they live.

    Raises:
        RunError: another process trains here, or the folder cannot be written.
    """
    try:
        descriptor = _acquire(run.lock)
    except OSError as error:
        raise RunError(f"{run.path} cannot be written: {error.strerror}") from None
    try:
        yield descriptor
    finally:
        with suppress(OSError):  # the folder may have been removed or become read-only meanwhile
            run.lock.unlink(missing_ok=True)
        os.close(descriptor)


def _acquire(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _claim(descriptor, path)
            if _still_names(path, descriptor):
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, json.dumps(asdict(Owner.this())).encode() + b"\n", 0)
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # its owner removed it between our open and our claim


def _claim(descriptor: int, path: Path) -> None:
    """The kernel's lock, which ends with its process; where there is none, what is written in the file decides."""
    deadline = time.monotonic() + _ENDING
    while True:
        owner = _read(descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # An owner that has ended while its lock is held: the processes it started are about to end as well.
            if owner is None or owner.may_live() or time.monotonic() > deadline:
                raise _taken(owner, path) from None
            time.sleep(0.1)
        except OSError:  # a file system without locks
            if owner is not None and owner.may_live():
                raise _taken(owner, path) from None
            return
        else:
            return


def _taken(owner: Owner | None, path: Path) -> RunError:
    who = f"process {owner.pid} on {owner.host}" if owner else "another process"
    return RunError(f"{path.parent} is in use: {who} trains there; wait for it or stop it (its lock is {path})")


def _read(descriptor: int) -> Owner | None:
    try:
        found = json.loads(os.pread(descriptor, 4096, 0))
        return Owner(int(found["pid"]), str(found["host"]), str(found["started"]))
    except (ValueError, KeyError, TypeError):  # empty, since its owner has only just made it, or damaged
        return None


def _still_names(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _started(pid: int) -> str | None:
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
        return f"{_boot()} {after_name.split()[19]}"
    except (FileNotFoundError, ProcessLookupError):
        return None


def _boot() -> str:
    return _BOOT.read_text(encoding="utf-8").strip()
