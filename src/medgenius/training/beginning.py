"""What a run settled when it first started; a resumed run reads it instead of settling it again."""

import hashlib
import secrets
from array import array
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from medgenius.config.train import TrainConfig
from medgenius.data.prompt import Example
from medgenius.errors import RunError
from medgenius.runs import Run, write_json
from medgenius.training.rows import TrainingData

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Start:
    """start.json. `auto` asks the machine, whose free memory is another on another day: the answers are kept, since
    they decide over the last bits of the result."""

    data: str
    """SHA-256 of all examples as tokens, in their order."""
    tokens_per_pass: int
    unpacked: bool
    """Whether 4-bit weights had a copy in the dtype of the computation."""
    wandb_id: str
    wandb_name: str


@dataclass(frozen=True, slots=True)
class Before:
    """before.json: what was measured before the first step."""

    loss: float
    answers: list[str]
    metrics_bytes: int
    """Length of metrics.jsonl by then."""


def read_start(run: Run) -> Start | None:
    return _read(run.start, TypeAdapter(Start))


def read_before(run: Run) -> Before | None:
    return _read(run.before, TypeAdapter(Before))


def write_start(run: Run, start: Start) -> None:
    write_json(run.start, asdict(start))


def write_before(run: Run, before: Before) -> None:
    write_json(run.before, asdict(before))


def new_wandb_id() -> str:
    return secrets.token_hex(4)


def settled(config: TrainConfig, start: Start | None) -> TrainConfig:
    """The config with the first start's answers where it says `auto`."""
    if start is None:
        return config
    model = config.model
    if model.cache_dequantized == "auto":
        model = model.model_copy(update={"cache_dequantized": start.unpacked})
    trainer = config.trainer
    if trainer.tokens_per_pass == "auto":  # noqa: S105  no password
        trainer = trainer.model_copy(update={"tokens_per_pass": start.tokens_per_pass})
    return config.model_copy(update={"model": model, "trainer": trainer})


def fingerprint(data: TrainingData) -> str:
    digest = hashlib.sha256()
    for side in (data.train.examples, data.validation.examples):
        _add(digest, side)
    return digest.hexdigest()


def _add(digest: "hashlib._Hash", examples: Sequence[Example]) -> None:
    digest.update(array("q", [len(examples)]).tobytes())
    for example in examples:
        lengths = [len(example.prompt_ids), len(example.answer_ids)]
        digest.update(array("q", [*lengths, *example.prompt_ids, *example.answer_ids]).tobytes())


def refuse_other_data(config: TrainConfig, run: Run, start: Start | None, data: TrainingData) -> None:
    """
    Raises:
        RunError: the run has begun with other dialogues.
    """
    if start is not None and fingerprint(data) != start.data:
        source = f"data.path={config.data.path}" if config.data.source == "file" else f"data={config.data.source}"
        raise RunError(f"{source}: its dialogues are others than when {run.path} began; start a new run with them")


def _read(path: Path, adapter: TypeAdapter[T]) -> T | None:
    try:
        return adapter.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        raise RunError(f"{path} is damaged: remove {path.parent} and start anew") from None
