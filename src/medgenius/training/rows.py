"""From the config's rows to what a run trains on and validates with; nothing leaves unnamed."""

from dataclasses import asdict, dataclass
from pathlib import Path

from pytorch_lightning.utilities import rank_zero_only
from rich.console import Console
from rich.markup import escape
from transformers import LlamaConfig

from medgenius.config.train import TrainConfig
from medgenius.data.canaries import planted_dialogues
from medgenius.data.dialogue import Dialogue
from medgenius.data.encode import Encoded, encode_dialogues
from medgenius.data.prompt import Prompt
from medgenius.data.sources import load_dialogues
from medgenius.data.split import split_dialogues
from medgenius.data.token_cache import TokenCache
from medgenius.errors import DataError, ModelError
from medgenius.files import write_jsonl
from medgenius.reading.records import BadRow
from medgenius.reading.withheld import words_withheld
from medgenius.runs import Run
from medgenius.training.samples import wants_samples


@dataclass(frozen=True, slots=True)
class TrainingData:
    train: Encoded
    validation: Encoded
    questions: list[Dialogue]
    """Validation dialogues whose questions are answered before and after."""
    skipped: list[BadRow]
    canaries: int
    """Of the dialogues for training, the ones that were planted."""
    left_for_test: int
    """Dialogues that their file keeps for testing."""


def read_data(config: TrainConfig, prompt: Prompt) -> TrainingData:
    """Rows to examples on both sides of the split.

    Raises:
        DataError: nothing left to train on or to validate with, or dialogues that can't be used under `stop`.
    """
    with words_withheld(withhold=not wants_samples(config)):  # behind this, dialogues are token ids
        loaded = load_dialogues(config.data, config.seed)
        split = split_dialogues(loaded.dialogues, config.data.validation_fraction, config.seed)
        cache = TokenCache(Path(config.run.cache_dir).expanduser() / "tokens") if config.data.cache_tokens else None
        canaries = planted_dialogues(config.data.canaries, config.seed, config.data.default_instruction)
        train, validation = (
            encode_dialogues(side, prompt, config.data.max_length, cache)
            for side in (split.train + canaries, split.validation)
        )
    refused = train.refused + validation.refused
    if refused and config.data.on_bad_row == "stop":
        shown = "\n".join(str(row) for row in refused[:20])
        raise DataError(f"{shown}\n{len(refused)} dialogues can't be used; leave them out with data.on_bad_row=skip")
    if not train.examples or not validation.examples:
        raise DataError("no dialogue is left for training or for validation: see data.max_length")
    left = {row.where for row in validation.refused}  # the prompt of these can't be asked
    asked = [dialogue for dialogue in split.validation if dialogue.where not in left][: config.tracking.samples]
    questions = asked if wants_samples(config) else []
    return TrainingData(train, validation, questions, loaded.skipped + refused, len(canaries), len(split.test))


def refuse_what_does_not_fit(data: TrainingData, vocabulary: int, model: LlamaConfig) -> None:
    """
    Args:
        vocabulary: tokens of the tokenizer

    Raises:
        ModelError: the model has no row for some tokens, or no position for the end of some dialogues.
    """
    if vocabulary > model.vocab_size:
        raise ModelError(f"the tokenizer has {vocabulary:,} tokens, and the model {model.vocab_size:,}")
    longest = max(len(example) for side in (data.train, data.validation) for example in side.examples)
    if longest > model.max_position_embeddings:
        most = model.max_position_embeddings
        raise ModelError(
            f"a dialogue of {longest:,} tokens is more than the model can hold: set data.max_length={most}"
        )


def tell_data(data: TrainingData, run: Run, console: Console) -> None:
    """Every row that was left out is written down."""
    if data.skipped:
        rank_zero_only(write_jsonl)(run.skipped_rows, [asdict(row) for row in data.skipped])
        console.print(
            f"[yellow]{len(data.skipped)} rows skipped[/], named in {escape(str(run.skipped_rows))}",
            highlight=False,
            soft_wrap=True,
        )
    tested = f"; {data.left_for_test:,} are left for testing" if data.left_for_test else ""
    planted = f", {data.canaries:,} of them canaries" if data.canaries else ""
    console.print(
        f"data   {len(data.train.examples):,} dialogues for training{planted}, "
        f"{len(data.validation.examples):,} for validation{tested}",
        highlight=False,
        soft_wrap=True,
    )
