"""How fast one optimizer step is, beside what people would use instead: one table, one plot, the raw figures.

    python benchmarks/train_throughput.py --peers-python PEERS/bin/python --python-of litgpt_lora=LITGPT/bin/python
    python benchmarks/train_throughput.py --rows dialogues.jsonl.gz …       # rows of your own (`data=jsonl`)
    python benchmarks/train_throughput.py --model llama3_2_1b_shape …       # 8 dialogues of about 350 tokens a step
    python benchmarks/train_throughput.py --start-up                        # from Enter to the first step

The peers live in environments of their own, made once:

    python -m venv PEERS && PEERS/bin/pip install torch==2.13.0 && PEERS/bin/pip install -r benchmarks/peers.txt
    python -m venv LITGPT && LITGPT/bin/pip install torch==2.13.0 && LITGPT/bin/pip install -r benchmarks/litgpt.txt

Every system trains the same tokens, in a process of its own, and its tokens are counted the same way: *real* tokens
are those of prompt and answer, *target* tokens those of the answer; padding is neither. Rounds run in turn to and fro
(ceiling, MedGenius, peers; peers, MedGenius, ceiling; …), since a machine's speed drifts; a ratio is the median of
those within a round. What is too slow for whole steps takes fewer dialogues of the same distribution of lengths.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import get_args

import torch

from peers.meter import Figures
from throughput.report import Measured, Results, describe, plot, table, versions, write_json
from throughput.start_up import start_up
from throughput.systems import SYSTEMS, Failure, Machine, System, run
from throughput.workload import ModelName, Workload, lora_parameters, prepare

_SAMPLE = "sample"


def main() -> None:
    arguments = parse()
    machine = choose_machine(arguments)
    if arguments.start_up:
        print_start_up(arguments, machine)
        return
    if arguments.warmup < 1 or (arguments.dialogues or 8) < 8:
        sys.exit("error: --warmup must be at least 1 and --dialogues at least 8")
    small = arguments.model == "smollm2_135m"
    work = prepare(
        arguments.model,
        arguments.rows,
        steps=arguments.warmup + arguments.steps,
        per_step=arguments.dialogues or (32 if small else 8),
        tokens=arguments.dialogue_tokens or (None if small else 350),
    )
    systems = [system for system in SYSTEMS if not arguments.systems or system.module in arguments.systems]
    on_device = [system for system in systems if machine.device == "cuda" or not system.cuda_only]
    measured = measure(on_device, work, machine, arguments.runs, arguments.warmup)
    results = Results(
        measured,
        title(arguments, work, machine),
        lora_parameters(work),
        arguments.cost_per_hour,
        arguments.currency,
    )
    arguments.output.mkdir(parents=True, exist_ok=True)
    write_json(results, shlex.join(["python", *sys.argv]), arguments.output / "figures.json")
    plot(results, arguments.output / "throughput.png")
    print(f"{results.title}; {arguments.runs} runs of {arguments.steps} steps\n\n{table(results)}")
    if machine.device == "cpu":
        print("\nOn CUDA: " + ("not measured, --device cpu" if torch.cuda.is_available() else "no GPU here"))
    print(f"\n{versions(results)}\nplot and raw figures: {arguments.output}")


def title(arguments: argparse.Namespace, work: Workload, machine: Machine) -> str:
    rows = Path(arguments.rows).name
    return f"{arguments.model}, rows {rows}, {work.mean_tokens:.0f} tokens a dialogue · {describe(machine)}"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=get_args(ModelName), default="smollm2_135m")
    parser.add_argument("--rows", default=_SAMPLE, help="a file of rows; the project's own sample unless given")
    parser.add_argument(
        "--dialogues", type=int, help="dialogues per optimizer step, 8 or more; 32, for LLaMA's shape 8"
    )
    parser.add_argument("--dialogue-tokens", type=int, help="take the dialogues nearest to this length")
    parser.add_argument("--systems", nargs="+", choices=[system.module for system in SYSTEMS], help="only these")
    parser.add_argument("--runs", type=int, default=3, help="processes per system")
    parser.add_argument("--steps", type=int, default=2, help="timed steps of a run")
    parser.add_argument("--warmup", type=int, default=1, help="steps before them; at least 1")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--memory-limit", type=float, help="GB a process may take; 80 %% of what is free unless given")
    parser.add_argument("--cost-per-hour", type=float, help="of this machine, for a column of costs")
    parser.add_argument("--currency", default="USD")
    parser.add_argument("--peers-python", default=sys.executable, help="interpreter that has the peers")
    parser.add_argument("--python-of", action="append", default=[], metavar="PEER=PYTHON", help="another for one peer")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "train_throughput")
    parser.add_argument("--start-up", action="store_true", help="measure the time to the first step instead")
    return parser.parse_args()


def choose_machine(arguments: argparse.Namespace) -> Machine:
    device = arguments.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    limit = arguments.memory_limit * 1e9 if arguments.memory_limit else 0.8 * available_memory()
    others = dict(given.split("=", 1) for given in arguments.python_of)
    pythons = {system.module: others.get(system.module, arguments.peers_python) for system in SYSTEMS}
    return Machine(device, arguments.threads, int(limit), pythons)


def available_memory() -> int:
    """Bytes that new processes can have."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))


@dataclass
class Standing:
    """A system's settings that are still in the running, and what each gave."""

    system: System
    runs: dict[int, list[Figures]] = field(default_factory=dict)
    failures: list[tuple[int, str]] = field(default_factory=list)

    def settings(self) -> Iterable[int]:
        """All in the first round, then the fastest."""
        if self.failures and not self.runs:
            return ()
        return [self.fastest()] if self.runs else self.system.batches

    def fastest(self) -> int:
        return max(self.runs, key=lambda batch: self.runs[batch][0].real_per_second)

    def add(self, batch: int, outcome: Figures | Failure) -> None:
        if isinstance(outcome, Failure):
            self.failures.append((batch, outcome.why))
        else:
            self.runs.setdefault(batch, []).append(outcome)

    def measured(self, work: Workload) -> Measured:
        batch = self.fastest() if self.runs else 0
        dialogues = max(batch, self.system.dialogues) if self.system.dialogues else len(work.steps[0])
        return Measured(self.system, dialogues, self.runs.get(batch, []), self.failures)


def measure(systems: Sequence[System], work: Workload, machine: Machine, rounds: int, warmup: int) -> list[Measured]:
    """Round by round, to and fro."""
    standings = [Standing(system) for system in systems]
    for number in range(rounds):
        for standing in standings if number % 2 == 0 else standings[::-1]:
            for batch in list(standing.settings()):
                outcome = run(standing.system, batch, work, machine, warmup)
                standing.add(batch, outcome)
                said = outcome.why if isinstance(outcome, Failure) else f"{outcome.real_per_second:.1f} real tokens/s"
                print(f"round {number + 1}, {standing.system.name}, {batch or 'auto'}: {said}", file=sys.stderr)
    return [standing.measured(work) for standing in standings]


def print_start_up(arguments: argparse.Namespace, machine: Machine) -> None:
    data = [] if arguments.rows == _SAMPLE else ["data=jsonl", f"data.path={Path(arguments.rows).resolve()}"]
    overrides = [*data, f"trainer.accelerator={machine.device}"]
    start_up(overrides)  # fills the caches
    runs = [start_up(overrides) for _ in range(arguments.runs)]
    print(f"python train.py trainer.max_steps=1 tracking=off {' '.join(overrides)}; {describe(machine)}, warm cache")
    for what, taken in (
        ("from Enter until the first step begins", [one.begun for one in runs]),
        ("from Enter until it is done", [one.stepped for one in runs]),
    ):
        print(f"{what}: median {median(taken):.1f} s ({min(taken):.1f}–{max(taken):.1f}, {len(taken)} runs)")


if __name__ == "__main__":
    main()
