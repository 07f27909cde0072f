"""What a run came to: summary.json for programs, a short table for the person who waited."""

import math
import shlex
from dataclasses import asdict, dataclass
from typing import Literal

from pytorch_lightning.utilities import rank_zero_only
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from medgenius.config.duration import duration
from medgenius.config.launch import program
from medgenius.config.train import TrainConfig
from medgenius.files import write_json
from medgenius.model.machine import Hardware
from medgenius.runs import Run

Status = Literal["finished", "pruned", "failed", "interrupted"]
"""pruned: ended early by its study, as a normal end."""


@dataclass(frozen=True, slots=True)
class Cost:
    amount: float
    currency: str
    per_hour: float
    """Of all machines of the run together."""


def cost_of(seconds: float, config: TrainConfig) -> Cost:
    """What so long a run costs."""
    per_hour = config.run.cost_per_hour * config.trainer.nodes
    return Cost(seconds / 3600 * per_hour, config.run.currency, per_hour)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """summary.json. Figures that a failed run did not reach are null."""

    status: Status
    error: str | None
    model: str
    validation_loss_before: float | None
    validation_loss_after: float | None
    """Mean negative log-likelihood per target token, in nats, over the whole validation set; after: of the adapter."""
    training_dialogues: int
    validation_dialogues: int
    rows_skipped: int
    answers_cut: int
    steps: int
    adapter_step: int | None
    """The step whose adapter this is: the last, or with `trainer.patience` that of the lowest validation loss."""
    target_tokens: int
    real_tokens: int
    tokens_per_second: float
    """Real tokens per second of training steps."""
    peak_memory_bytes: int
    """Highest use of the first process, over all starts of the run: of the GPU's memory on CUDA, else of its own."""
    seconds: float
    """From the first row read to the adapter written, over all processes that worked on the run; of one that was killed
    up to its last checkpoint."""
    trainable_parameters: int
    hardware: Hardware
    """Of the process that wrote this; others of the run may have had another machine."""
    cost: Cost


@rank_zero_only
def write_summary(run: Run, summary: Summary) -> None:
    write_json(run.summary, asdict(summary))


def print_summary(console: Console, run: Run, summary: Summary) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    table.add_row("model", f"{escape(summary.model)}, {summary.trainable_parameters:,} trained parameters")
    before, after = summary.validation_loss_before, summary.validation_loss_after
    if before is not None and after is not None:
        change = f"{(after - before) / before:+.1%}"
        table.add_row("validation loss", f"{before:.3f} → [bold]{after:.3f}[/]  ({change})")
        table.add_row("perplexity", f"{_perplexity(before)} → [bold]{_perplexity(after)}[/]")
    table.add_row("dialogues", _dialogues(summary))
    table.add_row("tokens", f"{summary.real_tokens:,} seen, {summary.target_tokens:,} of them targets")
    table.add_row("speed", f"{summary.tokens_per_second:,.0f} tok/s, {summary.steps} steps")
    table.add_row("time", duration(summary.seconds))
    table.add_row("peak memory", f"{summary.peak_memory_bytes / 1e9:.1f} GB")
    cost = summary.cost
    table.add_row("estimated cost", f"{cost.amount:.3f} {cost.currency} (at {cost.per_hour:.2f} an hour)")
    if summary.status == "finished":
        table.add_row("report", escape(str(run.report)))
        of_step = "" if summary.adapter_step == summary.steps else f"  (of step {summary.adapter_step}, the best)"
        table.add_row("adapter", f"{escape(str(run.adapter))}{of_step}")
        table.add_row("next", f"[bold]{escape(' '.join(program()))} -m lora.r=8,16,32[/]")
    title = "finished" if summary.status == "finished" else f"[red]{summary.status}[/]"
    console.print(Panel(table, title=title, title_align="left", expand=False), highlight=False, soft_wrap=True)
    if summary.status == "interrupted":
        line = f"go on: {' '.join(program())} run.resume={shlex.quote(str(run.path))}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if summary.answers_cut:
        console.print(f"note: {summary.answers_cut} answers were cut at data.max_length", highlight=False)


def _dialogues(summary: Summary) -> str:
    text = f"{summary.training_dialogues:,} for training, {summary.validation_dialogues:,} for validation"
    return f"{text}, [yellow]{summary.rows_skipped:,} rows skipped[/]" if summary.rows_skipped else text


def _perplexity(loss: float) -> str:
    return f"{math.exp(loss):.1f}" if loss < 20 else "over 1e8"
