"""Seconds, tokens, memory and energy of a job's steps, counted by the same rules for every system."""

import json
import resource
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import torch

from peers.job import Job

_ENERGY = Path("/sys/class/powercap/intel-rapl:0")


@dataclass(frozen=True)
class Figures:
    """What a process measured over its timed steps."""

    seconds: list[float]
    """Of each step, from the end of the one before: whatever a trainer does between steps counts."""
    real_tokens: list[int]
    """Of each step: prompt and answer, no padding"""
    target_tokens: list[int]
    """Of each step"""
    peak_bytes: int
    """The most memory the process held: VmHWM on a CPU, the allocator's peak on CUDA"""
    peak_bytes_above_model: int
    """The most it held in its steps, less what it held with the model loaded and no step done"""
    joules: float | None
    """Of the processor's package; None where it can't be read"""
    versions: dict[str, str]
    """Of the packages that matter"""
    setting: str
    """How the system was set, beyond what all share"""
    flops: float | None = None
    """Of the timed steps, where the system counts them"""
    device_flops_per_second: float | None = None
    """Of one large bf16 product on the same device"""

    @property
    def real_per_second(self) -> float:
        return sum(self.real_tokens) / sum(self.seconds)

    @property
    def target_per_second(self) -> float:
        return sum(self.target_tokens) / sum(self.seconds)


class Meter:
    """Call `model_loaded` once, `step_done` after each optimizer step, `report` at the end."""

    def __init__(self, job: Job) -> None:
        """Also holds the process to the job's threads and memory."""
        self._job = job
        self._cuda = job.device == "cuda"
        self._loaded = self._peak_while_loading = 0
        self._ends: list[float] = []
        self._energy: list[int | None] = []
        torch.set_num_threads(job.threads)
        torch.manual_seed(job.recipe.seed)
        if not self._cuda:
            resource.setrlimit(resource.RLIMIT_DATA, (job.memory_limit, job.memory_limit))
            _forget_peak()

    def model_loaded(self) -> None:
        self._peak_while_loading = self._peak()
        if self._cuda:
            self._loaded = torch.cuda.memory_allocated()
            torch.cuda.reset_peak_memory_stats()
        else:
            self._loaded = _status("VmRSS")
            _forget_peak()

    def step_done(self) -> None:
        if self._cuda:
            torch.cuda.synchronize()
        self._ends.append(time.perf_counter())
        self._energy.append(_microjoules())

    def report(
        self,
        setting: str,
        packages: Sequence[str],
        flops: float | None = None,
        device_flops_per_second: float | None = None,
    ) -> None:
        """Print the figures as one line of JSON."""
        first = self._job.warmup
        timed = self._job.steps[first:]
        assert len(self._ends) == len(self._job.steps), f"{len(self._ends)} steps done of {len(self._job.steps)}"
        peak = self._peak()
        figures = Figures(
            seconds=[end - start for start, end in zip(self._ends[first - 1 :], self._ends[first:], strict=False)],
            real_tokens=[sum(len(row.ids) for row in step) for step in timed],
            target_tokens=[sum(len(row.ids) - row.prompt for row in step) for step in timed],
            peak_bytes=max(peak, self._peak_while_loading),
            peak_bytes_above_model=peak - self._loaded,
            joules=self._joules(),
            versions={package: version(package) for package in ("torch", *packages)},
            setting=setting,
            flops=flops,
            device_flops_per_second=device_flops_per_second,
        )
        print(json.dumps(asdict(figures)), flush=True)

    def _peak(self) -> int:
        return torch.cuda.max_memory_allocated() if self._cuda else _status("VmHWM")

    def _joules(self) -> float | None:
        start, end = self._energy[self._job.warmup - 1], self._energy[-1]
        if start is None or end is None:
            return None
        turn = int((_ENERGY / "max_energy_range_uj").read_text(encoding="ascii"))  # the counter begins again there
        return (end - start) % turn / 1e6


def _status(field: str) -> int:
    """A size in bytes from /proc/self/status."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


def _forget_peak() -> None:
    """VmHWM starts anew from what is held now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _microjoules() -> int | None:
    try:
        return int((_ENERGY / "energy_uj").read_text(encoding="ascii"))
    except OSError:
        return None
