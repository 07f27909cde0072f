"""One process of a run. `python -m medgenius.training.worker RUN TITLE` is what the launcher starts, one per device."""

import ctypes
import gc
import signal
import sys
from pathlib import Path

from medgenius.config.app import say
from medgenius.config.launch import Launch, Place, place_of
from medgenius.config.train import TrainConfig
from medgenius.errors import Interrupted, MedGeniusError
from medgenius.runs import Run, read_config

_PR_SET_PDEATHSIG = 1


def work(config: TrainConfig, place: Place, run: Run | None) -> int:
    """Train at a place; only the first process speaks. Gives the exit status.

    Args:
        run: None where another process made the directory
    """
    from rich.console import Console  # noqa: PLC0415  what a refusal needs must be light

    if config.model.backend == "unsloth":
        from medgenius.model.libraries import import_unsloth  # noqa: PLC0415

        import_unsloth()
    gc.disable()  # a sixth of the import's time would go into looking for garbage among what stays
    from medgenius.training.train import train  # noqa: PLC0415

    gc.enable()
    train(config, run, Console(quiet=place.rank > 0), place)
    return 0


def main(path: str, title: str) -> int:
    # If the launcher is killed, nobody would end this process: the kernel does.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    run = Run(Path(path), title)
    try:
        config = read_config(run)
        place = place_of(config.trainer, Launch())
        assert place is not None
        return work(config, place, run)
    except MedGeniusError as error:
        return say(error)
    except Interrupted as stop:
        return stop.status  # the launcher says it
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
