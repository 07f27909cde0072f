"""One process of a run that keeps what it saw: `python -m tests.training.one_of_several FOLDER RUN [overrides]`.

Its place among the others comes from the environment, as torchrun or srun sets it; without, it is alone.
"""

import sys
from pathlib import Path

import torch
from pytorch_lightning import LightningModule, Trainer
from rich.console import Console
from safetensors.torch import save_file
from torch import Tensor
from torch.distributed.tensor import DTensor
from torch.optim import Optimizer

from medgenius.config.launch import Launch, place_of
from medgenius.runs import create_run
from medgenius.training import train as story
from medgenius.training.callbacks.throughput import Throughput
from tests.support import composed


class Recorder(Throughput):
    """Stands where throughput is measured; keeps each step's gradients before they are clipped."""

    seen: dict[str, Tensor] = {}  # noqa: RUF012  one recorder in a process

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        frozen = [p for p in pl_module.parameters() if not p.requires_grad]
        sharded = [p.to_local().numel() / p.numel() for p in frozen if isinstance(p, DTensor)]
        self.seen["share_of_sharded"] = torch.tensor(sharded)
        self.seen["dropout_seed"] = torch.tensor(torch.initial_seed())
        self.seen["threads"] = torch.tensor(torch.get_num_threads())
        self._keep(pl_module, "at start", gradients=False)

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer) -> None:  # noqa: ARG002
        self._keep(pl_module, f"gradient {trainer.global_step}", gradients=True)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self._keep(pl_module, "at end", gradients=False)

    def _keep(self, module: LightningModule, when: str, *, gradients: bool) -> None:
        for name, parameter in module.named_parameters():
            if parameter.requires_grad:
                value = parameter.grad if gradients else parameter
                assert value is not None
                self.seen[f"{when} {name}"] = value.detach().clone()


def main(folder: Path, name: str, *overrides: str) -> None:
    config = composed(*overrides, f"run.root={folder}", f"run.name={name}")
    place = place_of(config.trainer, Launch())
    assert place is not None
    story.Throughput = Recorder  # type: ignore[attr-defined]
    run = create_run(config.run, Launch()) if place.rank == 0 else None
    story.train(config, run, Console(quiet=place.rank > 0), place)
    save_file(Recorder.seen, folder / f"{name}-{place.rank}.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
