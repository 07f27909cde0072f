"""MedGenius itself: its module under Lightning's Trainer, as a run trains it, without validation and checkpoints."""

from pathlib import Path

from medgenius.model.libraries import quiet_libraries

quiet_libraries()

import pytorch_lightning  # noqa: E402  after the libraries were told to be quiet
from pytorch_lightning import Callback, Trainer  # noqa: E402
from torch.utils.data import DataLoader  # noqa: E402

from medgenius.config.app import composed  # noqa: E402
from medgenius.config.launch import Place  # noqa: E402
from medgenius.config.train import TrainConfig  # noqa: E402
from medgenius.data.prompt import Example  # noqa: E402
from medgenius.data.steps import Step  # noqa: E402
from medgenius.model.adapter import backbone_of  # noqa: E402
from medgenius.model.backend import load_trainable  # noqa: E402
from medgenius.model.machine import choose_machine  # noqa: E402
from medgenius.training.distributed import Group  # noqa: E402
from medgenius.training.engine import choose_engine  # noqa: E402
from medgenius.training.memory import PassSize  # noqa: E402
from medgenius.training.module import FineTuning  # noqa: E402
from peers.job import Job, Row  # noqa: E402
from peers.meter import Meter  # noqa: E402


class StepTimer(Callback):
    """Tells the meter of each optimizer step."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def on_train_batch_end(self, *_: object, **__: object) -> None:
        self._meter.step_done()


_STEPS = 1000
"""Of the run whose engine is measured: `auto` compiles where a run is long enough to gain by it."""


def examples_of(rows: list[Row]) -> list[Example]:
    return [Example(row.ids[: row.prompt], row.ids[row.prompt :], truncated=False) for row in rows]


def step(rows: list[Row]) -> Step:
    return Step(tuple(examples_of(rows)))


def main(job: Job) -> None:
    meter = Meter(job)
    config = composed(TrainConfig, *job.overrides)
    machine = choose_machine(config.trainer)
    pytorch_lightning.seed_everything(config.seed, verbose=False)
    cache_dir = Path(config.run.cache_dir).expanduser()
    trainable = load_trainable(config, cache_dir, machine.dtype, machine.device)
    backbone = backbone_of(trainable.model)
    engine = choose_engine(config.trainer, backbone, examples_of([row for rows in job.steps for row in rows]), _STEPS)
    engine.apply(backbone, cache_dir)
    clip, alone = config.trainer.gradient_clip_val, Group(Place(), machine.device)
    meter.model_loaded()
    Trainer(
        accelerator=machine.lightning_accelerator,
        devices=1,
        precision=machine.lightning_precision,
        callbacks=[StepTimer(meter)],
        max_epochs=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    ).fit(
        FineTuning(
            trainable,
            config.optimizer,
            config.scheduler,
            len(job.steps),
            len(job.steps),
            clip,
            PassSize(engine),
            alone,
        ),
        DataLoader(job.steps, batch_size=None, collate_fn=step),
    )
    meter.report(f"{len(job.steps[0])} a step, {engine}", ("medgenius", "transformers", "peft"))


if __name__ == "__main__":
    main(Job.from_command_line())
