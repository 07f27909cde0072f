"""The story of a run: rows, tokens, model, steps, summary."""

import logging
import math
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from medgenius.model.libraries import quiet_libraries

quiet_libraries()

import pytorch_lightning  # noqa: E402  after the libraries were told to be quiet
from pytorch_lightning import Trainer  # noqa: E402
from pytorch_lightning.loggers import Logger, WandbLogger  # noqa: E402
from rich.console import Console  # noqa: E402

from medgenius.config.train import TrainConfig  # noqa: E402
from medgenius.data.dialogue import Dialogue  # noqa: E402
from medgenius.data.encode import Encoded, encode_dialogues  # noqa: E402
from medgenius.data.prompt import Prompt  # noqa: E402
from medgenius.data.rows import BadRow  # noqa: E402
from medgenius.data.sources import load_dialogues  # noqa: E402
from medgenius.data.split import split_dialogues  # noqa: E402
from medgenius.data.steps import training_steps, validation_steps  # noqa: E402
from medgenius.errors import DataError, MedGeniusError  # noqa: E402
from medgenius.model.adapter import add_adapter, save_adapter, trainable_parameters  # noqa: E402
from medgenius.model.backbone import load_backbone, load_tokenizer  # noqa: E402
from medgenius.runs import Run, new_directory, write_config, write_jsonl  # noqa: E402
from medgenius.training.callbacks.checkpoint import Checkpoints  # noqa: E402
from medgenius.training.callbacks.progress import ProgressBar  # noqa: E402
from medgenius.training.callbacks.throughput import Throughput  # noqa: E402
from medgenius.training.loggers import JsonlLogger, wandb_logger  # noqa: E402
from medgenius.training.machine import choose_machine  # noqa: E402
from medgenius.training.module import FineTuning  # noqa: E402
from medgenius.training.report import write_report  # noqa: E402
from medgenius.training.samples import Sampler, wants_samples, write_samples  # noqa: E402
from medgenius.training.summary import Cost, Status, Summary, print_summary, write_summary  # noqa: E402


@dataclass(frozen=True, slots=True)
class TrainingData:
    train: Encoded
    validation: Encoded
    questions: list[Dialogue]
    """Validation dialogues whose questions are answered before and after."""
    skipped: list[BadRow]


def train(config: TrainConfig, run: Run, console: Console) -> Summary:
    """Fine-tune as the config says and fill the run directory.

    Raises:
        MedGeniusError: anything a person can mend; summary.json then says `failed` and why, W&B's run is closed.
    """
    started = time.perf_counter()
    write_config(run, config)
    machine = choose_machine(config.trainer)
    cache_dir = Path(config.run.cache_dir).expanduser()
    pytorch_lightning.seed_everything(config.seed, verbose=False)

    tokenizer = load_tokenizer(config.model, cache_dir)
    prompt = Prompt(config.prompt, tokenizer)
    tokenizer.chat_template = prompt.chat_template
    data = prepare_data(config, prompt, run, console)
    total_steps = count_steps(config, len(data.train.examples))

    console.print(f"model  {config.model.name} · {machine.device.type} · {str(machine.dtype).removeprefix('torch.')}", highlight=False)
    backbone = load_backbone(config.model, cache_dir, machine.dtype, machine.device)
    model = add_adapter(backbone, config.lora, config.seed)
    module = FineTuning(
        model, config.optimizer, config.scheduler, total_steps, config.trainer.gradient_clip_val
    )
    console.print(
        f"lora   r={config.lora.r} alpha={config.lora.alpha} · {trainable_parameters(model):,} trained parameters · "
        f"{total_steps} steps of {config.trainer.batch_size} dialogues",
        highlight=False,
    )

    per_pass = config.trainer.dialogues_per_pass
    to_train = training_steps(data.train.examples, config.trainer.batch_size, per_pass, config.seed)
    to_validate = validation_steps(data.validation.examples, per_pass)
    throughput = Throughput(machine)
    loggers: list[Logger] = [JsonlLogger(run.metrics)]
    before: float | None = None
    after: float | None = None
    status: Status = "failed"
    error: str | None = None
    try:
        if wandb := wandb_logger(config, run):
            loggers.append(wandb)
        trainer = build_trainer(config, machine.lightning_accelerator, machine.lightning_precision, loggers)
        trainer.callbacks += [
            throughput,
            ProgressBar(console, throughput, total_steps),
            Checkpoints(run.checkpoints, config.trainer.checkpoint_every, config.trainer.keep_checkpoints),
        ]
        sampler = Sampler(model, tokenizer, prompt, config.tracking.sample_tokens)
        with console.status("validating before training"):
            trainer.validate(module, to_validate, verbose=False)
            before = float(trainer.callback_metrics["validation/loss"])
            answers_before = sampler.answers(data.questions)
        console.print(f"before validation loss {before:.3f}, perplexity {math.exp(before):.1f}", highlight=False)
        trainer.fit(module, to_train, to_validate)
        if module.validated_at != module.steps_done:  # max_steps ended the run between two validations
            trainer.validate(module, to_validate, verbose=False)
        status = "finished"
        after = float(trainer.callback_metrics["validation/loss"])
        if data.questions:
            with console.status("answering the sample questions"):
                write_samples(run, loggers, data.questions, answers_before, sampler.answers(data.questions))
        with new_directory(run.adapter) as folder:
            save_adapter(model, folder, config.model.repository if config.model.source == "hub" else config.model.name)
            tokenizer.save_pretrained(folder)
    except BaseException as raised:
        error = str(raised) if isinstance(raised, MedGeniusError) else type(raised).__name__
        # Lightning answers Ctrl-C by leaving the process.
        status = "interrupted" if isinstance(raised, KeyboardInterrupt | SystemExit) else "failed"
        raise
    finally:
        seconds = time.perf_counter() - started
        summary = Summary(
            status=status,
            error=error,
            model=config.model.name,
            validation_loss_before=before,
            validation_loss_after=after,
            training_dialogues=len(data.train.examples),
            validation_dialogues=len(data.validation.examples),
            rows_skipped=len(data.skipped),
            answers_cut=data.train.answers_cut + data.validation.answers_cut,
            steps=module.steps_done,
            target_tokens=module.target_tokens,
            real_tokens=module.real_tokens,
            tokens_per_second=throughput.tokens_per_second,
            peak_memory_bytes=machine.peak_memory_bytes(),
            seconds=seconds,
            trainable_parameters=trainable_parameters(model),
            cost=Cost(seconds / 3600 * config.run.cost_per_hour, config.run.currency, config.run.cost_per_hour),
        )
        write_summary(run, summary)
        close(loggers, summary)
    write_report(run, config, summary)
    print_summary(console, run, summary)
    return summary


def prepare_data(config: TrainConfig, prompt: Prompt, run: Run, console: Console) -> TrainingData:
    """Rows to examples on both sides of the split; every row that was left out is written down.

    Raises:
        DataError: nothing left to train on or to validate with, or dialogues that can't be used under `stop`.
    """
    loaded = load_dialogues(config.data, config.seed)
    split = split_dialogues(loaded.dialogues, config.data.validation_fraction, config.seed)
    train, validation = (encode_dialogues(side, prompt, config.data.max_length) for side in (split.train, split.validation))
    refused = train.refused + validation.refused
    if refused and config.data.on_bad_row == "stop":
        shown = "\n".join(str(row) for row in refused[:20])
        raise DataError(f"{shown}\n{len(refused)} dialogues can't be used; leave them out with data.on_bad_row=skip")
    if not train.examples or not validation.examples:
        raise DataError("no dialogue is left for training or for validation: see data.max_length")
    skipped = loaded.skipped + refused
    if skipped:
        write_jsonl(run.skipped_rows, [asdict(row) for row in skipped])
        console.print(f"[yellow]{len(skipped)} rows skipped[/], named in {run.skipped_rows}", highlight=False)
    console.print(f"data   {len(train.examples):,} dialogues for training, {len(validation.examples):,} for validation", highlight=False)
    questions = split.validation[: config.tracking.samples] if wants_samples(config) else []
    return TrainingData(train, validation, questions, skipped)


def count_steps(config: TrainConfig, examples: int) -> int:
    """Optimizer steps of the whole run; the schedule ends with the last of them."""
    all_epochs = config.trainer.epochs * math.ceil(examples / config.trainer.batch_size)
    return min(all_epochs, config.trainer.max_steps or all_epochs)


def build_trainer(config: TrainConfig, accelerator: str, precision: str, loggers: list[Logger]) -> Trainer:
    warnings.filterwarnings("ignore", module="pytorch_lightning")  # advice on workers and intervals that are chosen here
    logging.getLogger("pytorch_lightning.utilities.rank_zero").setLevel(logging.ERROR)
    every = config.trainer.validate_every
    return Trainer(
        accelerator=accelerator,
        devices=1,
        precision=precision,  # type: ignore[arg-type]  Lightning's literal is private
        logger=loggers,
        max_epochs=config.trainer.epochs,
        max_steps=config.trainer.max_steps or -1,
        val_check_interval=every,
        check_val_every_n_epoch=None if every else 1,
        log_every_n_steps=1,
        num_sanity_val_steps=0,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        inference_mode=True,
    )


def close(loggers: Sequence[Logger], summary: Summary) -> None:
    """End every log; W&B's run is marked failed unless the training finished."""
    for logger in loggers:
        logger.finalize("success" if summary.status == "finished" else "failed")
        if isinstance(logger, WandbLogger):
            logger.experiment.summary.update(asdict(summary))
            logger.experiment.finish(exit_code=0 if summary.status == "finished" else 1)
