"""Several processes as one run: they meet, add up gradients once per optimizer step, and the first alone writes.

There is no DistributedDataParallel around the model: a step has several backward passes, and only the adapter has
gradients. One flat sum at the end of the step is all that is exchanged.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar, cast

import torch
from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
from pytorch_lightning.strategies import SingleDeviceStrategy
from pytorch_lightning.utilities import rank_zero_only
from torch import Tensor, distributed
from torch.nn import Parameter

from medgenius.config.launch import Place
from medgenius.errors import RunError

T = TypeVar("T")

_PATIENCE = timedelta(minutes=30)
"""How long a process waits for another, which may be converting a model or answering samples, before it gives up."""


class Group:
    """The processes of a run, as one of them sees them; it may be alone."""

    def __init__(self, place: Place, device: torch.device) -> None:
        self.rank = place.rank
        self.processes = place.processes
        self._place = place
        self._device = device

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def strategy(self) -> SingleDeviceStrategy:
        return _OneOfSeveral(self._place, self._device)

    def from_first(self, value: T | None) -> T:
        """What the first process has; must be called by all."""
        box = [value]
        if self.processes > 1:
            with _talking():
                distributed.broadcast_object_list(box, device=self._device)
        assert box[0] is not None
        return box[0]

    def from_all(self, value: T) -> list[T]:
        """What each process has, by rank; must be called by all."""
        box = [value] * self.processes
        if self.processes > 1:
            with _talking():
                distributed.all_gather_object(box, value)
        return box

    def largest(self, number: int) -> int:
        """Of the numbers of all processes; must be called by all."""
        if self.processes == 1:
            return number
        found = torch.tensor([number], device=self._device)
        with _talking():
            distributed.all_reduce(found, distributed.ReduceOp.MAX)
        return int(found)

    def wait(self) -> None:
        """Until all are here."""
        self.add_up(0.0)

    def add_up(self, number: float) -> float:
        """The sum over all processes, in double precision."""
        if self.processes == 1:
            return number
        total = torch.tensor([number], dtype=torch.float64, device=self._device)
        with _talking():
            distributed.all_reduce(total)
        return float(total)

    def add_up_gradients(self, parameters: Sequence[Parameter], loss: Tensor) -> Tensor:
        """Give every process the sum of all processes' gradients, in one exchange; returns the sum of the losses.

        A parameter without a gradient counts as zero: a process may have had nothing to do.
        """
        if self.processes == 1:
            return loss
        gradients = [p.new_zeros(p.numel()) if p.grad is None else p.grad.flatten() for p in parameters]
        flat = torch.cat([*gradients, loss.view(1)])  # fp32, as the adapter is
        with _talking():
            distributed.all_reduce(flat)
        *summed, total = flat.split([*(p.numel() for p in parameters), 1])
        for parameter, gradient in zip(parameters, summed, strict=True):
            parameter.grad = gradient.view_as(parameter)
        return cast("Tensor", total[0])


def join(place: Place, device: torch.device, processes_here: int) -> Group:
    """Meet the other processes of the run; each then uses its own device, or its share of the cores.

    Args:
        processes_here: on this node

    Raises:
        RunError: the others did not come.
    """
    rank_zero_only.rank = place.rank  # type: ignore[attr-defined]  # Lightning's own way to set it
    if place.processes > 1:
        _set_meeting_point()
        _share_cores(processes_here)
        if device.type == "cuda":
            torch.cuda.set_device(device)
        with _talking():
            distributed.init_process_group(
                "nccl" if device.type == "cuda" else "gloo",
                rank=place.rank,
                world_size=place.processes,
                timeout=_PATIENCE,
                device_id=device if device.type == "cuda" else None,
            )
    return Group(place, device)


def _set_meeting_point() -> None:
    """Under srun nobody sets it: the first host of the job, and a port that its number gives, as Lightning does."""
    env = os.environ
    if "MASTER_ADDR" not in env:
        hosts = env.get("SLURM_STEP_NODELIST", env.get("SLURM_NODELIST", "127.0.0.1"))
        env["MASTER_ADDR"] = SLURMEnvironment.resolve_root_node_address(hosts)
    if "MASTER_PORT" not in env:
        env["MASTER_PORT"] = str(15000 + int(env.get("SLURM_JOB_ID", "0")) % 10000)


def _share_cores(processes_here: int) -> None:
    """Give this process its part of the machine's cores, if nobody else has divided them.

    srun binds each task to its cores; torchrun's OMP_NUM_THREADS=1 is no person's choice.
    """
    chosen = "OMP_NUM_THREADS" in os.environ and "TORCHELASTIC_RUN_ID" not in os.environ
    if not chosen and "SLURM_CPUS_PER_TASK" not in os.environ:
        torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // processes_here))


@contextmanager
def _talking() -> Iterator[None]:
    """torch says that a process is gone in a long RuntimeError with addresses and source lines of its own."""
    try:
        yield
    except RuntimeError as error:
        first_line = str(error).strip().partition("\n")[0][:200]
        raise RunError(f"another process of this run can't be reached; it may have ended ({first_line})") from error


class _OneOfSeveral(SingleDeviceStrategy):
    """For Lightning: one device, in one of several processes that compute on their own and meet in the module.

    Lightning is not told how many there are: it would broadcast inside its handler of SIGTERM, in between our sums.
    """

    def __init__(self, place: Place, device: torch.device) -> None:
        super().__init__(device)
        self.global_rank = place.rank
        self.local_rank = place.local_rank

    @property
    def is_global_zero(self) -> bool:
        return self.global_rank == 0

    def teardown(self) -> None:
        """As the parent's, except that the model stays on its device: fsdp can't move it between two calls."""
        assert self.accelerator is not None
        self.precision_plugin.teardown()
        self.accelerator.teardown()
        self.checkpoint_io.teardown()
