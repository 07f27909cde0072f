"""What a run settled when it first started; a resumed run reads it instead of settling it again."""

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from pydantic import TypeAdapter, ValidationError
from pytorch_lightning.utilities import rank_zero_only
from transformers import LlamaForCausalLM

from medgenius.config.train import TrainConfig
from medgenius.config.trainer import TrainerConfig
from medgenius.data.fingerprint import fingerprint
from medgenius.errors import RunError
from medgenius.files import write_json
from medgenius.model.identity import base_identity
from medgenius.model.kernels import has_compiler
from medgenius.model.unpacking import is_unpacked
from medgenius.runs import Run
from medgenius.training.checkpoints import newest_checkpoint
from medgenius.training.distributed import Group
from medgenius.training.engine import Engine, choose_engine
from medgenius.training.rows import TrainingData
from medgenius.training.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Start:
    """start.json. `auto` asks the machine, whose free memory is another on another day: the answers are kept, since
    they decide over the last bits of the result."""

    data: str
    """SHA-256 of all examples as tokens, in their order."""
    base: str
    """Which frozen weights these are: a folder's SHA-256, a repository's commit, or the name of a folder in the
    cache."""
    engine: Engine
    unpacked: list[bool]
    """Whether 4-bit weights had a copy in the dtype of the computation, for each process by rank."""
    wandb_id: str
    wandb_name: str


def read_beginning(
    run: Run, config: TrainConfig, group: Group, warn: Callable[[str], None]
) -> tuple[Start | None, Snapshot | None]:
    """What earlier processes of this run settled and where they came to, as the first of a group finds it.

    Raises:
        RunError: it is of another config or version, or damaged.
    """
    found = (_read_start(run), newest_checkpoint(run.checkpoints, config, warn)) if group.is_first else None
    return group.from_first(found)


def begin(  # noqa: PLR0913, PLR0917  on all of which the answers depend
    config: TrainConfig,
    run: Run,
    group: Group,
    model: LlamaForCausalLM,
    data: TrainingData,
    steps: int,
    cache_dir: Path,
) -> Start:
    """Settle what the config leaves open, in all processes alike, and write it down."""
    start = Start(
        data=_fingerprint(data),
        base=base_identity(config.model, cache_dir),
        engine=choose_engine(config.trainer, model, data.train.examples, steps),
        unpacked=group.from_all(is_unpacked(model)),
        wandb_id=secrets.token_hex(4),
        wandb_name=run.title,
    )
    start = group.from_first(start)
    rank_zero_only(write_json)(run.start, asdict(start))
    return start


def _read_start(run: Run) -> Start | None:
    try:
        return TypeAdapter(Start).validate_json(run.start.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        raise RunError(f"{run.start} is damaged: remove {run.path} and start anew") from None


def with_settled_copies(config: TrainConfig, start: Start | None, rank: int) -> TrainConfig:
    """The config, with `model.cache_dequantized` as it was first answered in this process's place."""
    if start is None or config.model.cache_dequantized != "auto":
        return config
    model = config.model.model_copy(update={"cache_dequantized": start.unpacked[rank]})
    return config.model_copy(update={"model": model})


def settled_engine(config: TrainerConfig, start: Start, device: torch.device) -> Engine:
    """The first start's, with what the config says of memory by now.

    What was compiled is so again where there is a compiler.
    """
    engine, tokens, checkpointing = start.engine, config.tokens_per_pass, config.activation_checkpointing
    return Engine(
        tokens_per_pass=engine.tokens_per_pass if tokens == "auto" else tokens,
        compiled=engine.compiled and has_compiler(device),
        checkpointing=engine.checkpointing if checkpointing == "auto" else checkpointing,
    )


def refuse_other_data(config: TrainConfig, run: Run, start: Start | None, data: TrainingData) -> None:
    """
    Raises:
        RunError: the run has begun with other dialogues.
    """
    if start is not None and _fingerprint(data) != start.data:
        source = f"data.path={config.data.path}" if config.data.source == "file" else f"data={config.data.source}"
        raise RunError(f"{source}: its dialogues are others than when {run.path} began; start a new run with them")


def _fingerprint(data: TrainingData) -> str:
    return fingerprint(data.train.examples, data.validation.examples)
