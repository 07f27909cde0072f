"""The end of a run: logs closed, and what it came to written down and shown."""

from collections.abc import Sequence
from dataclasses import asdict

from pytorch_lightning.loggers import Logger, WandbLogger

from medgenius.model.adapter import trainable_parameters
from medgenius.model.machine import hardware_of
from medgenius.training.loggers import end_wandb
from medgenius.training.parts import Outcome, Parts
from medgenius.training.report import write_report
from medgenius.training.summary import Summary, cost_of, print_summary, write_summary


def conclude(parts: Parts, outcome: Outcome) -> Summary:
    """End the logs, and tell what the run came to."""
    summary = summarize(parts, outcome)
    close(parts.loggers, summary)
    if summary.status in {"finished", "pruned"}:
        write_report(parts.run, parts.config, summary)
    write_summary(parts.run, summary)  # the last file: a run that says it has finished lacks nothing
    if summary.status != "failed":
        print_summary(parts.console, parts.run, summary)
    return summary


def summarize(parts: Parts, outcome: Outcome) -> Summary:
    data, module, seconds = parts.data, parts.module, parts.seconds
    return Summary(
        status=outcome.status,
        error=outcome.error,
        model=parts.config.model.name,
        validation_loss_before=module.loss_before,
        validation_loss_after=outcome.loss_after,
        training_dialogues=len(data.train.examples),
        validation_dialogues=len(data.validation.examples),
        rows_skipped=len(data.skipped),
        answers_cut=data.train.answers_cut + data.validation.answers_cut,
        steps=module.steps_done,
        adapter_step=outcome.adapter_step,
        target_tokens=module.target_tokens,
        real_tokens=module.real_tokens,
        tokens_per_second=parts.throughput.tokens_per_second,
        peak_memory_bytes=parts.throughput.peak_memory_bytes,
        seconds=seconds,
        trainable_parameters=trainable_parameters(module.model),
        hardware=hardware_of(parts.machine.device),
        cost=cost_of(seconds, parts.config),
    )


def close(loggers: Sequence[Logger], summary: Summary) -> None:
    """End every log; W&B's run is marked failed unless the training finished or was pruned."""
    ended_well = summary.status in {"finished", "pruned"}
    for logger in loggers:
        logger.finalize("success" if ended_well else "failed")
        if isinstance(logger, WandbLogger):
            tags = ("pruned",) if summary.status == "pruned" else ()
            end_wandb(logger, asdict(summary), tags, exit_code=0 if ended_well else 1)
