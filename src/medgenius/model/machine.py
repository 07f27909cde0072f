"""What this machine has: where to compute, in which precision, and how much memory was used."""

import os
import platform
import resource
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from medgenius.config.trainer import TrainerConfig
from medgenius.errors import ConfigError

LightningPrecision = Literal["32-true", "16-mixed"]


@dataclass(frozen=True, slots=True)
class Machine:
    device: torch.device
    dtype: torch.dtype
    """Of the frozen weights and of the computation; the adapter is fp32."""

    @property
    def lightning_precision(self) -> LightningPrecision:
        """fp16 needs Lightning to scale its gradients. In bf16 nothing is left to it: the model computes in its own
        dtype, the adapter's parameters and gradients stay fp32."""
        return "16-mixed" if self.dtype == torch.float16 else "32-true"

    @property
    def lightning_accelerator(self) -> str:
        return "gpu" if self.device.type == "cuda" else "cpu"

    def peak_memory_bytes(self) -> int:
        """Highest use so far: of the GPU's memory on CUDA, of the process's on CPU."""
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.device)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB


@dataclass(frozen=True, slots=True)
class Hardware:
    """What a process computes on, as the system names it."""

    processor: str
    cores: int
    """That this process may use"""
    memory_bytes: int
    """Of the machine"""
    gpu: str | None
    """The one that computes, where one does"""


def hardware_of(device: torch.device) -> Hardware:
    """Of this machine."""
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Hardware(_processor(), len(os.sched_getaffinity(0)), memory, gpu)


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":  # Arm has no such line
                return value.strip()
    return platform.machine()


def forget_peak_memory() -> None:
    """Count the highest use from now on, for a process that trains more than once."""
    with suppress(OSError):  # some containers do not allow it
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # `man 5 proc`: the peak resident set size
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def choose_machine(config: TrainerConfig, local_rank: int | None = None) -> Machine:
    """
    Args:
        local_rank: which of the node's processes this is; each has a GPU of its own. None: it is alone, as all are that
            use a run, however many trained it

    Raises:
        ConfigError: what the config asks for, this machine does not have.
    """
    has_cuda = torch.cuda.is_available()
    if config.accelerator == "cuda" and not has_cuda:
        raise ConfigError("trainer.accelerator=cuda: no CUDA device is visible here; use auto or cpu")
    device = torch.device("cpu")
    if has_cuda and config.accelerator != "cpu":
        device = torch.device("cuda")
        if local_rank is not None and config.processes > 1:
            if config.devices > torch.cuda.device_count():
                raise ConfigError(
                    f"trainer.devices={config.devices}: {torch.cuda.device_count()} CUDA devices are visible here; "
                    "take fewer, or trainer.accelerator=cpu"
                )
            device = torch.device("cuda", local_rank)
    return Machine(device, _dtype(config, device))


def _dtype(config: TrainerConfig, device: torch.device) -> torch.dtype:
    match config.precision:
        case "fp32":
            return torch.float32
        case "bf16":
            return torch.bfloat16
        case "fp16":
            if device.type != "cuda":
                raise ConfigError("trainer.precision=fp16 needs CUDA: its gradients must be scaled; use bf16 or fp32")
            return torch.float16
        case "auto":
            if device.type == "cuda":  # before Ampere bf16 is emulated, far slower than fp16
                return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
            return torch.bfloat16 if torch.ops.mkldnn._is_mkldnn_bf16_supported() else torch.float32
