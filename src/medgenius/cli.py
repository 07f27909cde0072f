"""`medgenius <verb> [overrides]`, one verb for each thing a person does; nothing heavy is imported unasked."""

import sys
from collections.abc import Callable

from medgenius.config.app import run_verb
from medgenius.config.compare import CompareConfig, with_runs_named
from medgenius.config.curate import CurateConfig
from medgenius.config.empathy import EmpathyConfig
from medgenius.config.evaluate import EvaluateConfig
from medgenius.config.launch import Launch, Place, found_place, place_of
from medgenius.config.publish import PublishConfig
from medgenius.config.report import ReportConfig
from medgenius.config.serve import ChatConfig, ServeConfig
from medgenius.config.train import TrainConfig
from medgenius.lock import locked
from medgenius.model.libraries import quiet_libraries
from medgenius.reading.withheld import words_withheld
from medgenius.resume import chosen_run, config_of, has_finished
from medgenius.runs import Run, create_run, write_config
from medgenius.training.launcher import run_workers

_USAGE = """usage: medgenius train|curate|empathy|evaluate|compare|report|publish|chat|serve [overrides]

  medgenius curate data.path=raw.jsonl.gz output=clean/     raw rows become clean dialogues with a report
  medgenius train                              fine-tune the embedded model on the sample dialogues
  medgenius train lora.r=64 trainer.epochs=5   change what you want to change
  medgenius train -m lora.r=8,16,32            one run for each value
  medgenius train -m hydra/sweeper=optuna      a study with Optuna; the same line again joins or resumes it
  medgenius train --cfg job                    print the composed config
  medgenius report study=default               what a study came to, as a page and a table
  medgenius evaluate run=runs/first            the run's model against its own base, with intervals
  medgenius evaluate run=runs/first evaluation=full evaluation.choices.path=questions.jsonl
  medgenius empathy data.path=epitome.jsonl.gz output=empathy/   the classifier behind evaluate's empathy metric
  medgenius compare runs/first runs/second     settings and numbers side by side; folders of runs as well
  medgenius publish run=runs/first output=published/        adapter, merged model and GGUF files with a model card
  medgenius chat run=runs/first                talk to a finished run in the terminal
  medgenius serve run=runs/first               serve it over HTTP, with a page to chat on
"""


_PIPED = 240
"""Columns of a table that goes to a file or another program, where no line is too long."""


def main() -> int:
    """Entry point of the `medgenius` command; gives the exit status."""
    if len(sys.argv) < 2 or sys.argv[1] in {"-h", "--help"}:
        print(_USAGE, end="")
        return 0
    verbs: dict[str, Callable[[], int]] = {
        "train": train_main,
        "curate": lambda: run_verb(CurateConfig, _curate),
        "empathy": lambda: run_verb(EmpathyConfig, _empathy),
        "evaluate": lambda: run_verb(EvaluateConfig, _evaluate),
        "compare": _compare_main,
        "report": lambda: run_verb(ReportConfig, _report),
        "publish": lambda: run_verb(PublishConfig, _publish),
        "chat": lambda: run_verb(ChatConfig, _chat),
        "serve": lambda: run_verb(ServeConfig, _serve),
    }
    verb = sys.argv.pop(1)
    if verb not in verbs:
        print(f"error: unknown verb {verb}; there are: {', '.join(verbs)}", file=sys.stderr)
        return 2
    quiet_libraries()
    return verbs[verb]()


def train_main() -> int:
    """Entry point of `python train.py`."""
    return run_verb(TrainConfig, _train)


def _compare_main() -> int:
    sys.argv[1:] = with_runs_named(sys.argv[1:])
    return run_verb(CompareConfig, _compare)


# What a verb is made of is imported when it begins, so that a refusal above comes at once. Every verb is told how it
# was started; most have no use for it.


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
    config.check_needs()
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
    from medgenius.training.worker import work  # noqa: PLC0415

    return work(config, place, run)


def _curate(config: CurateConfig, _: Launch) -> int:
    from rich.console import Console  # noqa: PLC0415

    from medgenius.curation.curate import curate  # noqa: PLC0415

    with words_withheld():
        folder = curate(config, Console())
    print(f"curated: {folder}", flush=True)
    return 0


def _empathy(config: EmpathyConfig, _: Launch) -> int:
    from rich.console import Console  # noqa: PLC0415

    from medgenius.evaluation.empathy_training import train_and_tell  # noqa: PLC0415

    print(f"trained: {train_and_tell(config, Console())}", flush=True)
    return 0


def _evaluate(config: EvaluateConfig, _: Launch) -> int:
    from rich.console import Console  # noqa: PLC0415

    from medgenius.evaluation.evaluate import evaluate  # noqa: PLC0415

    folder = evaluate(config, Console())
    print(f"evaluated: {folder}", flush=True)
    return 0


def _compare(config: CompareConfig, _: Launch) -> int:
    from rich.console import Console  # noqa: PLC0415

    from medgenius.evaluation.compare import compare_runs  # noqa: PLC0415

    console = Console()
    compare_runs(config, console if console.is_terminal else Console(width=_PIPED))
    return 0


def _report(config: ReportConfig, _: Launch) -> int:
    from medgenius.sweeps.report.write import write_report  # noqa: PLC0415

    print(f"report: {write_report(config)}", flush=True)
    return 0


def _publish(config: PublishConfig, _: Launch) -> int:
    from rich.console import Console  # noqa: PLC0415

    from medgenius.publishing.publish import publish  # noqa: PLC0415

    folder = publish(config, Console())
    print(f"published: {folder}", flush=True)
    return 0


def _chat(config: ChatConfig, _: Launch) -> int:
    from medgenius.serving.chat import chat  # noqa: PLC0415

    return chat(config)


def _serve(config: ServeConfig, _: Launch) -> int:
    from medgenius.serving.serve import serve  # noqa: PLC0415

    return serve(config)


if __name__ == "__main__":
    sys.exit(main())
