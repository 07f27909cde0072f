"""What a person or a scheduler says to the process while it trains: stop after this step, or stop at once."""

import os
import signal
import threading
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Self

from pytorch_lightning import Callback, LightningModule, Trainer

from medgenius.errors import STOP_STATUS, Interrupted
from medgenius.training.distributed import Group


class Signals(Callback):
    """SIGINT (Ctrl-C), SIGTERM and SIGUSR1 (SLURM's warning) end the training after the step that is being done, or in
    the middle of a validation. A second Ctrl-C ends it at once; so does the first signal where no step is in danger.

    Used in a `with` around the run, and as a callback inside it. What the process was started to ignore stays ignored.
    Of several processes all end after the same step, whichever of them was asked.
    """

    def __init__(self) -> None:
        self._group: Group | None = None
        self._stop: signal.Signals | None = None
        self._training = False
        self._previous: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.getsignal(number) for number in STOP_STATUS}
            self._listen()
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, _: TracebackType | None) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        if self._stop and isinstance(raised, SystemExit):  # Lightning heard it first
            raise self._interrupted(between_steps=False) from None

    def agree_with(self, group: Group) -> None:
        """From now on this process ends with the others."""
        self._group = group

    def _listen(self) -> None:
        for number, handler in self._previous.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, self._handle)

    def _handle(self, number: int, _: FrameType | None) -> None:
        first = self._stop is None
        self._stop = self._stop or signal.Signals(number)
        if first and self._training:
            if self._group and self._group.is_first:
                # Not `print`: a handler may interrupt one, and a stream can't be entered twice.
                with suppress(OSError):  # its terminal may be gone
                    os.write(2, f"\n{self._stop.name}: stopping after this step{_HINT[self._stop]}\n".encode())
        elif first or number == signal.SIGINT:
            raise self._interrupted(between_steps=False)

    def _interrupted(self, *, between_steps: bool) -> Interrupted:
        assert self._stop is not None
        return Interrupted(f"stopped by {self._stop.name}", STOP_STATUS[self._stop], between_steps=between_steps)

    def _stop_if_asked(self) -> None:
        assert self._group is not None
        if asked := self._group.largest(self._stop or 0):
            self._stop = signal.Signals(asked)
            self._training = False
            raise self._interrupted(between_steps=True)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self._listen()  # Lightning has put a handler of its own in front
        self._training = True

    def on_train_batch_start(
        self,
        trainer: Trainer,  # noqa: ARG002
        pl_module: LightningModule,  # noqa: ARG002
        batch: object,  # noqa: ARG002
        batch_idx: int,  # noqa: ARG002
    ) -> None:
        self._stop_if_asked()

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self._listen()

    def on_validation_batch_start(
        self,
        trainer: Trainer,  # noqa: ARG002
        pl_module: LightningModule,  # noqa: ARG002
        batch: object,  # noqa: ARG002
        batch_idx: int,  # noqa: ARG002
        dataloader_idx: int = 0,  # noqa: ARG002
    ) -> None:
        if self._training:
            self._stop_if_asked()

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self._training = False
        self._stop_if_asked()


_HINT = {signal.SIGINT: "; once more: at once", signal.SIGTERM: "", signal.SIGUSR1: ""}
