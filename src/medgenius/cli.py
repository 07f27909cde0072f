"""`medgenius <verb> [overrides]`, one verb for each thing a person does; nothing heavy is imported unasked."""

import sys

from medgenius.config.app import run_verb
from medgenius.config.curate import CurateConfig
from medgenius.config.launch import Launch, Place, found_place, place_of
from medgenius.config.train import TrainConfig
from medgenius.lock import locked
from medgenius.reading.withheld import words_withheld
from medgenius.resume import chosen_run, config_of, has_finished
from medgenius.runs import Run, create_run, write_config
from medgenius.training.launcher import run_workers

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


def _train(config: TrainConfig, launch: Launch) -> int:
    found = found_place()
    is_first = found is None or found[0].rank == 0
    run = chosen_run(config, launch)
    if run and (is_first or config.run.resume != "auto"):  # there the line itself says all, and the first compares it
        config = config_of(run, config, launch)
    place = place_of(config.trainer, launch)
    if run and has_finished(run):
        if is_first:
            print(f"{run.path} has finished: its adapter is {run.adapter}", flush=True)
        return 0
    if place is not None and not is_first:
        return _work(config, place, None)
    run = run or create_run(config.run, launch)
    try:
        with locked(run) as lock:
            if place is None:
                write_config(run, config)
                return run_workers(run, config.trainer.devices, lock)
            return _work(config, place, run)
    finally:
        print(f"run: {run.path}", flush=True)


def _work(config: TrainConfig, place: Place, run: Run | None) -> int:
    from medgenius.training.worker import work  # noqa: PLC0415  a refusal must come at once

    return work(config, place, run)


def _curate(config: CurateConfig, launch: Launch) -> int:  # noqa: ARG001  every verb is told how it was started
    from rich.console import Console  # noqa: PLC0415  a refusal above must come at once

    from medgenius.curation.curate import curate  # noqa: PLC0415

    with words_withheld():
        folder = curate(config, Console())
    print(f"curated: {folder}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
