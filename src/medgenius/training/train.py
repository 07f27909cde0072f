"""The story of a run: rows, tokens, model, steps, summary."""

import logging
import math
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from medgenius.model.libraries import quiet_libraries

quiet_libraries()

import pytorch_lightning  # noqa: E402  after the libraries were told to be quiet
from lightning_fabric.plugins.environments.lightning import LightningEnvironment  # noqa: E402
from pytorch_lightning import Trainer  # noqa: E402
from pytorch_lightning.loggers import Logger, WandbLogger  # noqa: E402
from pytorch_lightning.utilities import rank_zero_only  # noqa: E402
from rich.console import Console  # noqa: E402

from medgenius.config.launch import Place  # noqa: E402
from medgenius.config.train import TrainConfig  # noqa: E402
from medgenius.data.prompt import Prompt  # noqa: E402
from medgenius.data.sharing import Share  # noqa: E402
from medgenius.data.steps import training_steps, validation_steps  # noqa: E402
from medgenius.errors import MedGeniusError  # noqa: E402
from medgenius.model.adapter import backbone_of, save_adapter, trainable_parameters  # noqa: E402
from medgenius.model.backbone import load_tokenizer, prepare_files  # noqa: E402
from medgenius.model.backend import load_trainable  # noqa: E402
from medgenius.runs import Run, new_directory, write_config  # noqa: E402
from medgenius.training.callbacks.checkpoint import Checkpoints  # noqa: E402
from medgenius.training.callbacks.progress import ProgressBar  # noqa: E402
from medgenius.training.callbacks.throughput import Throughput  # noqa: E402
from medgenius.training.distributed import Group, join  # noqa: E402
from medgenius.training.engine import choose_engine  # noqa: E402
from medgenius.training.loggers import JsonlLogger, wandb_logger  # noqa: E402
from medgenius.training.machine import Machine, choose_machine  # noqa: E402
from medgenius.training.module import FineTuning  # noqa: E402
from medgenius.training.report import write_report  # noqa: E402
from medgenius.training.rows import TrainingData, prepare_data  # noqa: E402
from medgenius.training.samples import Sampler, write_samples  # noqa: E402
from medgenius.training.summary import Cost, Status, Summary, print_summary, write_summary  # noqa: E402


@dataclass(frozen=True, slots=True)
class Parts:
    """What a run is made of, once everything is loaded and checked."""

    config: TrainConfig
    run: Run
    console: Console
    machine: Machine
    group: Group
    data: TrainingData
    sampler: Sampler
    module: FineTuning
    throughput: Throughput
    loggers: list[Logger]


@dataclass(slots=True)
class Outcome:
    """How far a run came; filled in as it goes, so that a failed one can still be told."""

    status: Status = "failed"
    error: str | None = None
    loss_after: float | None = None


def train(config: TrainConfig, run: Run | None, console: Console, place: Place) -> Summary:
    """Fine-tune as the config says and fill the run directory.

    With several processes each calls this; the first one writes.

    Args:
        run: None where another process made the directory

    Raises:
        MedGeniusError: anything a person can mend; once training has begun, summary.json then says `failed` and why,
            and W&B's run is closed.
    """
    started = time.perf_counter()
    machine = choose_machine(config.trainer, place.local_rank)
    group = join(place, machine.device, config.trainer.devices)
    run = group.from_first(run)
    rank_zero_only(write_config)(run, config)
    parts = assemble(config, run, console, machine, group)
    outcome = Outcome()
    try:
        fit(parts, outcome)
        save(parts)
        outcome.status = "finished"
    except BaseException as raised:
        # Lightning answers Ctrl-C by leaving the process.
        outcome.status = "interrupted" if isinstance(raised, KeyboardInterrupt | SystemExit) else "failed"
        outcome.error = str(raised) if isinstance(raised, MedGeniusError) else type(raised).__name__
        raise
    finally:
        summary = summarize(parts, outcome, time.perf_counter() - started)
        write_summary(run, summary)
        close(parts.loggers, summary)
    write_report(run, config, summary)
    print_summary(console, run, summary)
    return summary


def assemble(config: TrainConfig, run: Run, console: Console, machine: Machine, group: Group) -> Parts:
    """Load and check everything: tokenizer, dialogues, model, adapter."""
    cache_dir = Path(config.run.cache_dir).expanduser()
    pytorch_lightning.seed_everything(config.seed, verbose=False)
    rank_zero_only(prepare_files)(config.model, cache_dir)
    group.wait()
    tokenizer = load_tokenizer(config.model, cache_dir)
    prompt = Prompt(config.prompt, tokenizer)
    tokenizer.chat_template = prompt.chat_template
    data = prepare_data(config, prompt, run, console)
    trainable = load_trainable(config, cache_dir, machine.dtype, machine.device)
    model = trainable.model
    if group.rank:  # dropout draws otherwise in each process; the adapter was drawn alike
        pytorch_lightning.seed_everything(config.seed + group.rank, verbose=False)
    steps = count_steps(config, len(data.train.examples))
    say = partial(console.print, highlight=False)
    several = f" · {group.processes} processes, {config.trainer.strategy}" if group.processes > 1 else ""
    say(f"model  {config.model.name} · {machine.device.type} · {str(machine.dtype).removeprefix('torch.')}{several}")
    say(f"lora   r={config.lora.r} alpha={config.lora.alpha} · {trainable_parameters(model):,} trained parameters")
    say(f"steps  {steps} of {config.trainer.batch_size} dialogues")
    return Parts(
        config=config,
        run=run,
        console=console,
        machine=machine,
        group=group,
        data=data,
        sampler=Sampler(model, tokenizer, prompt, config.tracking.sample_tokens),
        module=FineTuning(
            trainable, config.optimizer, config.scheduler, steps, config.trainer.gradient_clip_val, group
        ),
        throughput=Throughput(machine),
        loggers=[JsonlLogger(run.metrics)] if group.is_first else [],
    )


def fit(parts: Parts, outcome: Outcome) -> None:
    """Train and validate, and answer the sample questions. The first step comes at once: what the model could do before
    is told by the same model with its adapter switched off."""
    config, module, questions, group = parts.config, parts.module, parts.data.questions, parts.group
    backbone = backbone_of(module.model)
    engine = group.from_first(
        choose_engine(
            config.trainer, backbone, parts.data.train.examples, count_steps(config, len(parts.data.train.examples))
        )
    )
    engine.apply(backbone, Path(config.run.cache_dir).expanduser())
    parts.console.print(f"engine {engine}", highlight=False)
    per_pass = engine.tokens_per_pass
    share = Share(group.rank, group.processes, same_passes=config.trainer.strategy == "fsdp")
    to_train = training_steps(parts.data.train.examples, config.trainer.batch_size, per_pass, config.seed, share)
    to_validate = validation_steps(parts.data.validation.examples, per_pass, share)
    if group.is_first and (wandb := wandb_logger(config, parts.run)):
        parts.loggers.append(wandb)
    trainer = build_trainer(parts)

    trainer.fit(module, to_train, to_validate)
    if module.validated_at != module.steps_done:  # max_steps ended the run between two validations
        trainer.validate(module, to_validate, verbose=False)
    outcome.loss_after = float(trainer.callback_metrics["validation/loss"])
    if questions:
        with parts.console.status("answering the sample questions"):
            with module.model.disable_adapter():
                before = parts.sampler.answers(questions)
            write_samples(parts.run, parts.loggers, questions, before, parts.sampler.answers(questions))


@rank_zero_only
def save(parts: Parts) -> None:
    """adapter/: what PEFT and transformers load."""
    model = parts.config.model
    with new_directory(parts.run.adapter) as folder:
        save_adapter(parts.module.model, folder, model.repository if model.source == "hub" else model.name)
        parts.sampler.tokenizer.save_pretrained(folder)


def summarize(parts: Parts, outcome: Outcome, seconds: float) -> Summary:
    data, module, run_config = parts.data, parts.module, parts.config.run
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
        target_tokens=module.target_tokens,
        real_tokens=module.real_tokens,
        tokens_per_second=parts.throughput.tokens_per_second,
        peak_memory_bytes=parts.machine.peak_memory_bytes(),
        seconds=seconds,
        trainable_parameters=trainable_parameters(module.model),
        cost=Cost(seconds / 3600 * run_config.cost_per_hour, run_config.currency, run_config.cost_per_hour),
    )


def count_steps(config: TrainConfig, examples: int) -> int:
    """Optimizer steps of the whole run; the schedule ends with the last of them."""
    all_epochs = config.trainer.epochs * math.ceil(examples / config.trainer.batch_size)
    return min(all_epochs, config.trainer.max_steps or all_epochs)


def build_trainer(parts: Parts) -> Trainer:
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)  # it sets a level of its own when imported
    warnings.filterwarnings(
        "ignore", module="pytorch_lightning"
    )  # advice on workers and intervals that are chosen here
    settings, throughput, group = parts.config.trainer, parts.throughput, parts.group
    checkpoints = Checkpoints(parts.run.checkpoints, settings.checkpoint_every, settings.keep_checkpoints)
    total_steps = count_steps(parts.config, len(parts.data.train.examples))
    return Trainer(
        accelerator=parts.machine.lightning_accelerator,
        devices=1,
        strategy=group.strategy() if group.processes > 1 else "auto",
        plugins=[LightningEnvironment()],  # the processes are there: Lightning need not look for torchrun or srun
        precision=parts.machine.lightning_precision,
        logger=parts.loggers,
        callbacks=[
            throughput,
            ProgressBar(parts.console, throughput, total_steps),
            *([checkpoints] if group.is_first else []),
        ],
        max_epochs=settings.epochs,
        max_steps=settings.max_steps or -1,
        val_check_interval=settings.validate_every,
        check_val_every_n_epoch=None if settings.validate_every else 1,
        log_every_n_steps=1,
        num_sanity_val_steps=0,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        inference_mode=False,  # weights that fsdp gathers while validating are used again in training
    )


def close(loggers: Sequence[Logger], summary: Summary) -> None:
    """End every log; W&B's run is marked failed unless the training finished."""
    for logger in loggers:
        logger.finalize("success" if summary.status == "finished" else "failed")
        if isinstance(logger, WandbLogger):
            logger.experiment.summary.update(asdict(summary))
            logger.experiment.finish(exit_code=0 if summary.status == "finished" else 1)
