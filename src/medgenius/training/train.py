"""The story of a run: rows, tokens, model, steps, summary."""

import time
from contextlib import suppress
from functools import partial
from pathlib import Path

from medgenius.model.libraries import quiet_libraries

quiet_libraries()

import pytorch_lightning  # noqa: E402  after the libraries were told to be quiet
from pytorch_lightning import Trainer  # noqa: E402
from rich.console import Console  # noqa: E402
from safetensors import SafetensorError  # noqa: E402
from torch.utils.data import DataLoader  # noqa: E402

from medgenius.config.train import TrainConfig  # noqa: E402
from medgenius.data.prompt import Example, Prompt  # noqa: E402
from medgenius.data.steps import steps_per_epoch, training_steps, validation_steps  # noqa: E402
from medgenius.errors import Interrupted, MedGeniusError, RunError  # noqa: E402
from medgenius.model.adapter import add_adapter, backbone_of, save_adapter, trainable_parameters  # noqa: E402
from medgenius.model.backbone import load_backbone, load_tokenizer  # noqa: E402
from medgenius.model.unpacking import is_unpacked  # noqa: E402
from medgenius.runs import Run, new_directory, write_config  # noqa: E402
from medgenius.training.beginning import (  # noqa: E402
    Before,
    Start,
    fingerprint,
    new_wandb_id,
    read_before,
    read_start,
    refuse_other_data,
    settled,
    write_before,
    write_start,
)
from medgenius.training.callbacks.signals import Signals  # noqa: E402
from medgenius.training.callbacks.throughput import Throughput  # noqa: E402
from medgenius.training.checkpoints import newest_checkpoint  # noqa: E402
from medgenius.training.conclusion import conclude  # noqa: E402
from medgenius.training.loggers import JsonlLogger, wandb_logger  # noqa: E402
from medgenius.training.machine import choose_machine, tokens_per_pass  # noqa: E402
from medgenius.training.module import FineTuning  # noqa: E402
from medgenius.training.parts import Outcome, Parts  # noqa: E402
from medgenius.training.rng import random_state  # noqa: E402
from medgenius.training.rows import prepare_data  # noqa: E402
from medgenius.training.samples import Sampler, write_samples  # noqa: E402
from medgenius.training.summary import Summary  # noqa: E402
from medgenius.training.trainer import build_trainer, go_on  # noqa: E402


def train(config: TrainConfig, run: Run, console: Console) -> Summary:
    """Fine-tune as the config says and fill the run directory, from its last complete checkpoint if it has one.

    Raises:
        Interrupted: a signal asked the run to end; there is a checkpoint of the last step.
        MedGeniusError: anything a person can mend; once training has begun, summary.json then says `failed` and why,
            and W&B's run is closed.
    """
    with Signals() as signals:
        return _train(config, run, console, signals)


def _train(config: TrainConfig, run: Run, console: Console, signals: Signals) -> Summary:
    if not run.config.exists():
        write_config(run, config)
    parts = assemble(config, run, console)
    outcome = Outcome()
    try:
        fit(parts, outcome, signals)
        save(parts)
    except BaseException as raised:
        # Lightning answers Ctrl-C by leaving the process.
        stopped = isinstance(raised, Interrupted | KeyboardInterrupt | SystemExit)
        outcome.status = "interrupted" if stopped else "failed"
        outcome.error = str(raised) if isinstance(raised, MedGeniusError | Interrupted) else type(raised).__name__
        with suppress(MedGeniusError, OSError):  # what went wrong first is what is told
            conclude(parts, outcome)
        raise
    outcome.status = "finished"
    return conclude(parts, outcome)


def assemble(config: TrainConfig, run: Run, console: Console) -> Parts:
    """Load and check everything: machine, tokenizer, dialogues, model, adapter."""
    started = time.perf_counter()
    machine = choose_machine(config.trainer)
    say = partial(console.print, highlight=False)
    resumed = newest_checkpoint(run.checkpoints, config, lambda text: say(f"[yellow]warning:[/] {text}"))
    start, before = read_start(run), read_before(run)
    cache_dir = Path(config.run.cache_dir).expanduser()
    pytorch_lightning.seed_everything(config.seed, verbose=False)
    tokenizer = load_tokenizer(config.model, cache_dir)
    prompt = Prompt(config.prompt, tokenizer)
    tokenizer.chat_template = prompt.chat_template
    data = prepare_data(config, prompt, run, console)
    refuse_other_data(config, run, start, data)
    model = add_adapter(
        load_backbone(settled(config, start).model, cache_dir, machine.dtype, machine.device), config.lora, config.seed
    )
    if start is None:
        backbone = backbone_of(model)
        start = Start(
            data=fingerprint(data),
            tokens_per_pass=tokens_per_pass(config.trainer, backbone),
            unpacked=is_unpacked(backbone),
            wandb_id=new_wandb_id(),
            wandb_name=run.title,
        )
        write_start(run, start)
    per_epoch = steps_per_epoch(len(data.train.examples), config.trainer.batch_size)
    steps = count_steps(config, per_epoch)
    say(f"model  {config.model.name} · {machine.device.type} · {str(machine.dtype).removeprefix('torch.')}")
    say(f"lora   r={config.lora.r} alpha={config.lora.alpha} · {trainable_parameters(model):,} trained parameters")
    say(f"steps  {steps} of {config.trainer.batch_size} dialogues")
    if resumed:
        say(f"resume after step {resumed.position.step} of {steps}")
    kept = resumed.position.metrics_bytes if resumed else before.metrics_bytes if before else 0
    metrics = JsonlLogger(run.metrics, kept)
    return Parts(
        config=config,
        run=run,
        console=console,
        machine=machine,
        data=data,
        sampler=Sampler(model, tokenizer, prompt, config.tracking.sample_tokens),
        module=FineTuning(
            model, config.optimizer, config.scheduler, steps, per_epoch, config.trainer.gradient_clip_val
        ),
        throughput=Throughput(machine),
        metrics=metrics,
        loggers=[metrics],
        start=start,
        resumed=resumed,
        started=started - (resumed.position.seconds if resumed else 0.0),
    )


def fit(parts: Parts, outcome: Outcome, signals: Signals) -> None:
    """Validate, train, validate, and answer the sample questions before and after."""
    config, module, questions = parts.config, parts.module, parts.data.questions
    rng = parts.resumed.rng[0] if parts.resumed else random_state()
    per_pass = tokens_per_pass(settled(config, parts.start).trainer, backbone_of(module.model))
    to_validate = validation_steps(parts.data.validation.examples, per_pass)
    if wandb := wandb_logger(config, parts.run, parts.start.wandb_id, parts.start.wandb_name):
        parts.loggers.append(wandb)
    trainer = build_trainer(parts, signals, rng)
    before = measure_before(parts, trainer, to_validate)
    outcome.loss_before = before.loss
    parts.console.print(f"before validation loss {before.loss:.3f}", highlight=False)

    go_on(parts, trainer, to_validate)
    if module.steps_done < module.total_steps:
        steps = range(module.steps_done, module.total_steps)
        to_train = training_steps(parts.data.train.examples, config.trainer.batch_size, per_pass, config.seed, steps)
        trainer.fit(module, to_train, to_validate)
    if module.validated_at != module.steps_done:  # max_steps ended the run between two validations
        trainer.validate(module, to_validate, verbose=False)
    outcome.loss_after = module.validation_loss
    if questions:
        with parts.console.status("answering the sample questions"):
            write_samples(parts.run, parts.loggers, questions, before.answers, parts.sampler.answers(questions))


def measure_before(parts: Parts, trainer: Trainer, to_validate: DataLoader[Example]) -> Before:
    """Validation loss and answers of the model with its fresh adapter, as an earlier process of this run wrote them."""
    if before := read_before(parts.run):
        return before
    with parts.console.status("validating before training"):
        trainer.validate(parts.module, to_validate, verbose=False)
        answers = parts.sampler.answers(parts.data.questions)
    loss = float(trainer.callback_metrics["validation/loss"])
    before = Before(loss, answers, parts.metrics.length)
    write_before(parts.run, before)
    return before


def save(parts: Parts) -> None:
    """adapter/: what PEFT and transformers load."""
    model = parts.config.model
    try:
        with new_directory(parts.run.adapter) as folder:
            save_adapter(parts.module.model, folder, model.repository if model.source == "hub" else model.name)
            parts.sampler.tokenizer.save_pretrained(folder)
    except (OSError, SafetensorError) as error:
        raise RunError(f"{parts.run.adapter} cannot be written: {error}") from None


def count_steps(config: TrainConfig, per_epoch: int) -> int:
    """Optimizer steps of the whole run; the schedule ends with the last of them."""
    all_epochs = config.trainer.epochs * per_epoch
    return min(all_epochs, config.trainer.max_steps or all_epochs)
