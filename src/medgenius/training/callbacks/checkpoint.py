"""When a checkpoint is written: always at the same place, between two steps."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from pytorch_lightning import Callback, LightningModule, Trainer

from medgenius.config.duration import seconds
from medgenius.config.train import TrainConfig
from medgenius.data.steps import Step
from medgenius.errors import Interrupted, NonFiniteError, RunError
from medgenius.training.callbacks.throughput import Throughput
from medgenius.training.checkpoints import checkpoint_path, remove_old, write_checkpoint
from medgenius.training.distributed import Group
from medgenius.training.loggers import JsonlLogger
from medgenius.training.module import FineTuning
from medgenius.training.rng import RandomState, random_state
from medgenius.training.snapshot import Position, Snapshot, take_snapshot


class Checkpoints(Callback):
    """Copies the state at the start of a step, when all that belongs to the step before is done and logged, and
    writes the copy in a thread. Due every so many steps or seconds, after each validation, when the run is asked to
    stop, when numbers go wrong, and at the end.

    Of several processes each gives its random generators, and the first writes.

    Args:
        metrics: synced with each checkpoint, which notes how long it is; None in a process that writes nothing.
        elapsed: seconds of the run so far.
        resumed: where this process began.
    """

    def __init__(  # noqa: PLR0913, PLR0917  a checkpoint is made of what all of these know
        self,
        folder: Path,
        config: TrainConfig,
        group: Group,
        throughput: Throughput,
        metrics: JsonlLogger | None,
        elapsed: Callable[[], float],
        resumed: Position | None,
    ) -> None:
        self._folder = folder
        self._config = config
        self._group = group
        self._throughput = throughput
        self._metrics = metrics
        self._elapsed = elapsed
        self._saved_at = resumed.step if resumed else 0
        self._saved_time = time.monotonic()
        self._rng: tuple[int, RandomState] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="checkpoint")
        self._writing: Future[None] | None = None

    def on_train_batch_start(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        batch: Step,  # noqa: ARG002
        batch_idx: int,  # noqa: ARG002
    ) -> None:
        assert isinstance(pl_module, FineTuning)
        self._rng = (pl_module.steps_done, random_state())
        if self._is_due(pl_module):
            self._save(trainer, pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, FineTuning)
        self._save(trainer, pl_module)
        self.wait()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        assert isinstance(pl_module, FineTuning)
        # When numbers go wrong the parameters are not updated: what stands here is the last good state.
        whole = isinstance(exception, NonFiniteError) or (
            isinstance(exception, Interrupted) and exception.between_steps
        )
        if trainer.state.fn == "fit" and whole:
            self._save(trainer, pl_module)
        self.wait()

    def wait(self) -> None:
        """Until the checkpoint that is being written is whole.

        Raises:
            RunError: it can't be written.
        """
        writing, self._writing = self._writing, None
        if writing:
            try:
                writing.result()
            except OSError as error:
                target = checkpoint_path(self._folder, self._saved_at)
                raise RunError(f"checkpoint {target} cannot be written: {error.strerror or error}") from None

    def _is_due(self, module: FineTuning) -> bool:
        every, step = self._config.trainer.checkpoint_every, module.steps_done
        if isinstance(every, str):
            waited = time.monotonic() - self._saved_time
            due = self._group.largest(waited >= seconds(every)) > 0  # clocks may differ, and all must come together
        else:
            due = step % every == 0
        return step > 0 and (due or module.validated_at == step)

    def _save(self, trainer: Trainer, module: FineTuning) -> None:
        if module.steps_done == self._saved_at:
            return
        self.wait()
        rng = self._rng[1] if self._rng and self._rng[0] == module.steps_done else random_state()
        generators = self._group.from_all(rng)
        self._saved_at, self._saved_time = module.steps_done, time.monotonic()
        if self._metrics:
            snapshot = take_snapshot(trainer, module, self._position(module, self._metrics), generators)
            self._writing = self._thread.submit(self._write, snapshot, self._metrics)

    def _position(self, module: FineTuning, metrics: JsonlLogger) -> Position:
        return Position(
            step=module.steps_done,
            real_tokens=module.real_tokens,
            target_tokens=module.target_tokens,
            validated_at=module.validated_at,
            validation_loss=module.validation_loss,
            loss_before=module.loss_before,
            best_step=module.best_step,
            best_loss=module.best_loss,
            validations_since_best=module.validations_since_best,
            training_seconds=self._throughput.training_seconds,
            seconds=self._elapsed(),
            metrics_bytes=metrics.length,
            peak_memory_bytes=self._throughput.peak_memory_bytes,
        )

    def _write(self, snapshot: Snapshot, metrics: JsonlLogger) -> None:
        metrics.sync()
        write_checkpoint(self._folder, snapshot, self._config)
        remove_old(self._folder, self._config.trainer.keep_checkpoints, snapshot.position.best_step)
