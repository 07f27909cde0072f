"""Lightning's part: the trainer with its callbacks, and its counters for a run that goes on."""

import logging
import warnings

from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from pytorch_lightning import Trainer
from torch.utils.data import DataLoader

from medgenius.data.prompt import Example
from medgenius.data.steps import steps_per_epoch
from medgenius.training.callbacks.checkpoint import Checkpoints
from medgenius.training.callbacks.progress import ProgressBar
from medgenius.training.callbacks.pruning import Pruning
from medgenius.training.callbacks.resume import Resume
from medgenius.training.callbacks.signals import Signals
from medgenius.training.parts import Parts
from medgenius.training.patience import Patience
from medgenius.training.rng import RandomState
from medgenius.training.snapshot import restore_adapter, restore_progress


def validate_every(parts: Parts) -> int:
    """Optimizer steps from one validation to the next."""
    settings = parts.config.trainer
    return settings.validate_every or steps_per_epoch(len(parts.data.train.examples), settings.batch_size)


def build_trainer(parts: Parts, signals: Signals, rng: RandomState) -> Trainer:
    """To Lightning a run is one epoch of all its steps, so that a resumed one is a list that begins later."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)  # it sets a level of its own when imported
    warnings.filterwarnings(
        "ignore", module="pytorch_lightning"
    )  # advice on workers and intervals that are chosen here
    throughput, resumed, group, settings = parts.throughput, parts.resumed, parts.group, parts.config.trainer
    return Trainer(
        accelerator=parts.machine.lightning_accelerator,
        devices=1,
        strategy=group.strategy() if group.processes > 1 else "auto",
        plugins=[LightningEnvironment()],  # the processes are there: Lightning need not look for torchrun or srun
        precision=parts.machine.lightning_precision,
        logger=parts.loggers,
        callbacks=[
            Resume(resumed, rng),
            throughput,
            ProgressBar(parts.console, throughput, parts.module.total_steps, settings.epochs),
            Checkpoints(
                parts.run.checkpoints,
                parts.config,
                group,
                throughput,
                parts.metrics,
                lambda: parts.seconds,
                resumed.position if resumed else None,
            ),
            *([Pruning(parts.watcher, validate_every(parts))] if parts.watcher else []),
            *([Patience(settings.patience)] if settings.patience else []),
            signals,
        ],
        max_epochs=1,
        val_check_interval=validate_every(parts),
        check_val_every_n_epoch=None,
        log_every_n_steps=1,
        num_sanity_val_steps=0,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        inference_mode=False,  # weights that fsdp gathers while validating are used again in training
    )


def go_on(parts: Parts, trainer: Trainer, to_validate: DataLoader[Example]) -> None:
    """Take up the adapter and the counters where the last process left them. The optimizer follows when it is there."""
    if parts.resumed is None:
        return
    module, position = parts.module, parts.resumed.position
    restore_adapter(module, parts.resumed)
    parts.throughput.restore(position)
    every = validate_every(parts)
    if position.step % every == 0 and position.validated_at != position.step:  # it was stopped in a validation
        restore_progress(trainer, position.step - 1)  # the step under which this validation is logged
        trainer.validate(module, to_validate, verbose=False)
    restore_progress(trainer, position.step)
