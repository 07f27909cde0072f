"""The story of a run: rows, tokens, model, steps, summary."""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from medgenius.model.libraries import quiet_libraries

quiet_libraries()

import pytorch_lightning  # noqa: E402  after the libraries were told to be quiet
from pytorch_lightning.utilities import rank_zero_only  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.markup import escape  # noqa: E402
from safetensors import SafetensorError  # noqa: E402

from medgenius.config.launch import Place  # noqa: E402
from medgenius.config.train import TrainConfig  # noqa: E402
from medgenius.data.prompt import Prompt  # noqa: E402
from medgenius.data.sharing import Share  # noqa: E402
from medgenius.data.steps import steps_per_epoch, training_steps, validation_steps  # noqa: E402
from medgenius.errors import Interrupted, MedGeniusError, Pruned, RunError  # noqa: E402
from medgenius.files import new_directory  # noqa: E402
from medgenius.model.adapter import backbone_of, save_adapter, trainable_parameters  # noqa: E402
from medgenius.model.backbone import prepare_files  # noqa: E402
from medgenius.model.backend import load_trainable  # noqa: E402
from medgenius.model.identity import refuse_other_base  # noqa: E402
from medgenius.model.machine import Machine, choose_machine, forget_peak_memory  # noqa: E402
from medgenius.runs import Run, write_config  # noqa: E402
from medgenius.training.beginning import (  # noqa: E402
    begin,
    read_beginning,
    refuse_other_data,
    settled_engine,
    with_settled_copies,
)
from medgenius.training.callbacks.pruning import Watcher  # noqa: E402
from medgenius.training.callbacks.signals import Signals  # noqa: E402
from medgenius.training.callbacks.throughput import Throughput  # noqa: E402
from medgenius.training.conclusion import conclude  # noqa: E402
from medgenius.training.distributed import Group, join  # noqa: E402
from medgenius.training.loading import Loader  # noqa: E402
from medgenius.training.loggers import JsonlLogger, wandb_logger  # noqa: E402
from medgenius.training.memory import PassSize, out_of_memory_in_one_line  # noqa: E402
from medgenius.training.module import FineTuning  # noqa: E402
from medgenius.training.parts import Outcome, Parts  # noqa: E402
from medgenius.training.patience import is_at_its_end, take_best_adapter  # noqa: E402
from medgenius.training.rng import random_state  # noqa: E402
from medgenius.training.rows import refuse_what_does_not_fit, tell_data  # noqa: E402
from medgenius.training.samples import Sampler, write_samples  # noqa: E402
from medgenius.training.summary import Summary  # noqa: E402
from medgenius.training.trainer import build_trainer, go_on  # noqa: E402


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds a run in its process."""

    loader: Loader = field(default_factory=Loader)
    watcher: Watcher | None = None
    """The study that the run is a trial of"""


def train(
    config: TrainConfig, run: Run | None, console: Console, place: Place, around: Around | None = None
) -> Summary:
    """Fine-tune as the config says and fill the run directory, from its last complete checkpoint if it has one.

    With several processes each calls this; the first one writes.

    Args:
        run: None where another process made the directory
        around: None for a run that is alone in its process

    Raises:
        Interrupted: a signal asked the run to end; there is a checkpoint of the last step.
        MedGeniusError: anything a person can mend; once training has begun, summary.json then says `failed` and why,
            and W&B's run is closed.
    """
    with Signals() as signals:
        return _train(config, run, console, place, around or Around(), signals)


def _train(  # noqa: PLR0913, PLR0917  as `train`, and the signals
    config: TrainConfig, run: Run | None, console: Console, place: Place, around: Around, signals: Signals
) -> Summary:
    started = time.perf_counter()
    forget_peak_memory()  # of the runs before it in this process, as in a multirun
    machine = choose_machine(config.trainer, place.local_rank)
    group = join(place, machine.device, config.trainer.devices)
    signals.agree_with(group)
    run = group.from_first(run)
    rank_zero_only(write_config)(run, config)
    parts = assemble(config, run, console, machine, group, around, started)
    outcome = Outcome()
    try:
        fit(parts, outcome, signals)
        save(parts)
    except Pruned:
        outcome.status, outcome.loss_after = "pruned", parts.module.validation_loss
        return conclude(parts, outcome)
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


@out_of_memory_in_one_line("loading")
def assemble(  # noqa: PLR0913, PLR0917  what is there before anything is loaded
    config: TrainConfig,
    run: Run,
    console: Console,
    machine: Machine,
    group: Group,
    around: Around,
    started: float,
) -> Parts:
    """Load and check everything: what an earlier process left, tokenizer, dialogues, model, adapter.

    Args:
        started: when this process began, on the clock of `time.perf_counter`
    """
    say = partial(console.print, highlight=False)
    start, resumed = read_beginning(run, config, group, lambda text: say(f"[yellow]warning:[/] {escape(text)}"))
    cache_dir = Path(config.run.cache_dir).expanduser()
    pytorch_lightning.seed_everything(config.seed, verbose=False)
    rank_zero_only(prepare_files)(config.model, cache_dir)
    group.wait()
    tokenizer = around.loader.tokenizer(config, cache_dir)
    prompt = Prompt(config.prompt, tokenizer)
    tokenizer.chat_template = prompt.chat_template
    data = around.loader.data(config, prompt)
    tell_data(data, run, console)
    refuse_other_data(config, run, start, data)
    if start:
        refuse_other_base(config.model, run, start.base, cache_dir)
    settled = with_settled_copies(config, start, group.rank)
    trainable = load_trainable(settled, cache_dir, machine.dtype, machine.device, around.loader.backbone)
    model = trainable.model
    refuse_what_does_not_fit(data, len(tokenizer), backbone_of(model).config)
    if group.rank:  # dropout draws otherwise in each process; the adapter was drawn alike
        pytorch_lightning.seed_everything(config.seed + group.rank, verbose=False)
    per_epoch = steps_per_epoch(len(data.train.examples), config.trainer.batch_size)
    steps = count_steps(config, per_epoch)
    several = f" · {group.processes} processes, {config.trainer.strategy}" if group.processes > 1 else ""
    dtype = str(machine.dtype).removeprefix("torch.")
    say(f"model  {escape(config.model.name)} · {machine.device.type} · {dtype}{several}")
    say(f"lora   r={config.lora.r} alpha={config.lora.alpha} · {trainable_parameters(model):,} trained parameters")
    say(f"steps  {steps} of {config.trainer.batch_size} dialogues")
    start = start or begin(config, run, group, backbone_of(model), data, steps, cache_dir)
    engine = settled_engine(config.trainer, start, machine.device)
    if resumed:
        say(f"resume after step {resumed.position.step} of {steps}")
    metrics = JsonlLogger(run.metrics, resumed.position.metrics_bytes if resumed else 0) if group.is_first else None
    return Parts(
        config=config,
        run=run,
        console=console,
        machine=machine,
        group=group,
        data=data,
        sampler=Sampler(model, tokenizer, prompt, config.tracking.sample_tokens),
        engine=engine,
        module=FineTuning(
            trainable,
            config.optimizer,
            config.scheduler,
            steps,
            per_epoch,
            config.trainer.gradient_clip_val,
            PassSize(engine),
            group,
            around.loader.frozen_loss(config, f"{cache_dir} {machine} {engine}"),
        ),
        throughput=Throughput(machine),
        metrics=metrics,
        loggers=[metrics] if metrics else [],
        start=start,
        resumed=resumed,
        watcher=around.watcher,
        started=started - (resumed.position.seconds if resumed else 0.0),
    )


@out_of_memory_in_one_line("training")
def fit(parts: Parts, outcome: Outcome, signals: Signals) -> None:
    """Train and validate, and answer the sample questions. The first step comes at once: what the model could do before
    is told by the same model with its adapter switched off."""
    config, module, questions, group = parts.config, parts.module, parts.data.questions, parts.group
    rng = parts.resumed.rng[group.rank] if parts.resumed else random_state()
    parts.engine.apply(backbone_of(module.model), Path(config.run.cache_dir).expanduser())
    parts.console.print(f"engine {parts.engine}", highlight=False)
    share = Share(group.rank, group.processes, same_passes=config.trainer.strategy == "fsdp")
    to_validate = validation_steps(parts.data.validation.examples, share)
    if group.is_first:
        add_wandb(parts)
    trainer = build_trainer(parts, signals, rng)

    go_on(parts, trainer, to_validate)
    patience = config.trainer.patience
    if module.steps_done < module.total_steps and not is_at_its_end(module, patience):
        to_train = training_steps(
            parts.data.train.examples,
            config.trainer.batch_size,
            config.seed,
            range(module.steps_done, module.total_steps),
            share,
        )
        trainer.fit(module, to_train, to_validate)
    if module.validated_at != module.steps_done:  # max_steps ended the run between two validations
        trainer.validate(module, to_validate, verbose=False)
    if module.steps_done < module.total_steps:
        parts.console.print(f"no lower validation loss in {patience} validations: ended early", highlight=False)
    outcome.adapter_step = take_best_adapter(parts)
    is_best = outcome.adapter_step == module.best_step
    outcome.loss_after = module.best_loss if is_best else module.validation_loss
    if questions:
        with parts.console.status("answering the sample questions"):
            with module.model.disable_adapter():
                before = parts.sampler.answers(questions)
            write_samples(parts.run, parts.loggers, questions, before, parts.sampler.answers(questions))


def add_wandb(parts: Parts) -> None:
    """W&B's run beside metrics.jsonl, where it is wanted; a trial's knows its number and parameters."""
    start, watcher = parts.start, parts.watcher
    told = watcher is not None and watcher.offline_is_told
    logger = wandb_logger(parts.config, parts.run, start.wandb_id, start.wandb_name, told)
    if logger is None:
        return
    parts.loggers.append(logger)
    if watcher:
        logger.experiment.config.update(dict(watcher.facts))


@rank_zero_only
def save(parts: Parts) -> None:
    """adapter/: what PEFT and transformers load."""
    model = parts.config.model
    try:
        with new_directory(parts.run.adapter) as folder:
            base, revision = (model.repository, model.revision) if model.source == "hub" else (model.name, None)
            save_adapter(parts.module.model, folder, base, revision)
            parts.sampler.tokenizer.save_pretrained(folder)
    except (OSError, SafetensorError) as error:
        raise RunError(f"{parts.run.adapter} cannot be written: {error}") from None


def count_steps(config: TrainConfig, per_epoch: int) -> int:
    """Optimizer steps of the whole run; the schedule ends with the last of them."""
    all_epochs = config.trainer.epochs * per_epoch
    return min(all_epochs, config.trainer.max_steps or all_epochs)
