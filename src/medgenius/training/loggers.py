"""metrics.jsonl, the local truth, and W&B, which gets the same."""

import json
import math
import os
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pytorch_lightning.loggers import Logger, WandbLogger

from medgenius.config.train import TrainConfig
from medgenius.connection import Mode, wandb_mode
from medgenius.errors import RunError
from medgenius.runs import Run

if TYPE_CHECKING:
    import wandb

_PATIENCE_AT_END = 60.0
"""Seconds to wait for W&B to take what it has not taken yet; all of it lies in the run directory."""


class JsonlLogger(Logger):
    """One line per logged step: `{"step": 3, "train/loss": 2.1, ...}`.

    Args:
        keep: bytes of an existing file that stay; what a process wrote after its last checkpoint is written again.
    """

    def __init__(self, path: Path, keep: int = 0) -> None:
        super().__init__()
        self._path = path
        try:
            self._stream = path.open("ab")
            self._stream.truncate(min(keep, path.stat().st_size))
        except OSError as error:
            raise self._unwritable(error) from None
        self.length = self._stream.seek(0, os.SEEK_END)
        """Bytes written."""

    @property
    def name(self) -> str:
        return "metrics"

    @property
    def version(self) -> str:
        return ""

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        # In fp16 a gradient may be infinite, and its step is skipped: JSON has no number for that.
        finite = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
        line = json.dumps({"step": step, **finite}, allow_nan=False).encode() + b"\n"
        try:
            self._stream.write(line)
            self._stream.flush()
        except OSError as error:
            raise self._unwritable(error) from None
        self.length += len(line)

    def log_hyperparams(self, params: dict[str, object] | Namespace, *_: object, **__: object) -> None:
        """config.yaml holds them."""

    def finalize(self, status: str) -> None:  # noqa: ARG002  Lightning's signature
        self.sync()

    def sync(self) -> None:
        """Make sure that every line is on disk.

        Raises:
            RunError: it can't be written.
        """
        try:
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> RunError:
        return RunError(f"{self._path} cannot be written: {error.strerror}")


class Wandb(WandbLogger):
    """W&B does its work in a process beside this one, which may end before it, killed where memory ran out. Then
    metrics.jsonl alone has the rest, and the training goes on."""

    is_gone = False

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        try:
            super().log_metrics(metrics, step)
        except ConnectionError:
            if not self.is_gone:
                print("W&B: its process has ended; from here on metrics.jsonl alone has the numbers", flush=True)
            self.is_gone = True


def wandb_logger(config: TrainConfig, run: Run, run_id: str, name: str, offline_is_told: bool = False) -> Wandb | None:
    """W&B's run of this id: a new one, or the one that a resumed run goes on with. None under `off`.

    Never a prompt, never a wait beyond a few seconds.

    Args:
        offline_is_told: the study that the run is a trial of has said it
    """
    tracking = config.tracking
    if tracking.mode == "off":
        return None
    mode, why = wandb_mode(tracking.mode)
    if offline_is_told:
        why = None
    os.environ["WANDB_SILENT"] = "true"
    import wandb  # noqa: PLC0415  only where it is wanted

    try:
        experiment = _begin(mode, config, run, run_id, name)
    except wandb.Error as error:
        if mode == "offline":
            raise RunError(f"W&B can't write to {run.path}: {_first_line(error)}; see tracking=off") from None
        mode, why = "offline", _first_line(error)
        wandb.teardown()  # what was begun online holds the id
        experiment = _begin(mode, config, run, run_id, name)
    if why:
        print(f"W&B: offline ({why}); later: wandb sync {run.path}/wandb/offline-run-*", flush=True)
    experiment.define_metric("trainer/global_step")
    experiment.define_metric("*", step_metric="trainer/global_step", step_sync=True)
    for metric in ("train/loss", "validation/loss"):  # against steps, which is Lightning's axis, and against tokens
        experiment.define_metric(f"by_tokens/{metric}", step_metric="tokens/real")
    return Wandb(experiment=experiment)


def _begin(mode: Mode, config: TrainConfig, run: Run, run_id: str, name: str) -> "wandb.Run":
    import wandb  # noqa: PLC0415

    tracking = config.tracking
    return wandb.init(
        id=run_id,
        # Offline, the files of one id are put together when they are synced.
        resume="allow" if mode == "online" else None,
        name=name,
        dir=str(run.path),
        project=tracking.project,
        entity=tracking.entity,
        group=tracking.group,
        job_type=tracking.job_type,
        tags=list(tracking.tags),
        mode=mode,
        # Console text and source code stay here: neither belongs to a run's numbers.
        settings=wandb.Settings(
            console="off",
            save_code=False,
            disable_git=True,
            init_timeout=60,
            finish_timeout=_PATIENCE_AT_END,
            finish_timeout_raises=True,
            x_transaction_log_flush_interval=1.0,  # what is not flushed is lost where the rest can't be sent
            silent=True,
        ),
        config=flat(config.model_dump()),
    )


def end_wandb(logger: WandbLogger, results: Mapping[str, object], tags: Sequence[str], exit_code: int) -> None:
    """The last of W&B's run, with these tags as well; where its host does not take all of it, how to send the rest is
    said."""
    experiment = logger.experiment
    folder = experiment.settings.sync_dir
    try:
        if tags:
            experiment.tags = (*(experiment.tags or ()), *tags)
        experiment.summary.update(results)
        experiment.finish(exit_code=exit_code)
    except ConnectionError:  # `Wandb` has said it
        import wandb  # noqa: PLC0415

        with suppress(ConnectionError):  # so that the next run of this process gets a new one
            wandb.teardown()
    except TimeoutError:
        print(f"W&B: can't be reached any more; later: wandb sync {folder}", flush=True)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200]


def flat(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Nested settings under dotted keys, so that W&B can group by `lora.r`."""
    result: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            result |= flat(value, f"{prefix}{key}.")
        else:
            result[f"{prefix}{key}"] = value
    return result
