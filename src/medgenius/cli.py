"""`medgenius <verb> [overrides]`, one verb for each thing a person does; nothing heavy is imported unasked."""

import sys

from medgenius.config.app import run_verb
from medgenius.config.curate import CurateConfig
from medgenius.config.launch import Launch
from medgenius.config.train import TrainConfig
from medgenius.lock import locked
from medgenius.resume import has_finished, open_run

_USAGE = """usage: medgenius train|curate [overrides]

  medgenius curate data.path=raw.jsonl.gz output=clean/     raw rows become clean dialogues with a report
  medgenius train                              fine-tune the embedded model on the sample dialogues
  medgenius train lora.r=64 trainer.epochs=5   change what you want to change
  medgenius train -m lora.r=8,16,32            one run for each value
  medgenius train --cfg job                    print the composed config
"""


def main() -> int:
    """Entry point of the `medgenius` command; gives the exit status."""
    if len(sys.argv) < 2 or sys.argv[1] in {"-h", "--help"}:
        print(_USAGE, end="")
        return 0
    verbs = {"train": train_main, "curate": curate_main}
    verb = sys.argv.pop(1)
    if verb not in verbs:
        print(f"error: unknown verb {verb}; there are: {', '.join(verbs)}", file=sys.stderr)
        return 2
    return verbs[verb]()


def train_main() -> int:
    """Entry point of `python train.py`."""
    return run_verb(TrainConfig, _train)


def curate_main() -> int:
    return run_verb(CurateConfig, _curate)


def _train(config: TrainConfig, launch: Launch) -> None:
    config, run = open_run(config, launch)
    if has_finished(run):
        print(f"{run.path} has finished: its adapter is {run.adapter}", flush=True)
        return
    try:
        from rich.console import Console  # noqa: PLC0415  a refusal above must come at once

        from medgenius.training.train import train  # noqa: PLC0415

        with locked(run):
            train(config, run, Console())
    finally:
        print(f"run: {run.path}", flush=True)


def _curate(config: CurateConfig, launch: Launch) -> None:  # noqa: ARG001  every verb is told how it was started
    from rich.console import Console  # noqa: PLC0415  a refusal above must come at once

    from medgenius.curation.curate import curate  # noqa: PLC0415

    folder = curate(config, Console())
    print(f"curated: {folder}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
