"""The rows and the model that every system trains, from MedGenius's own config and readers."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase

from medgenius.config.app import composed
from medgenius.config.train import TrainConfig
from medgenius.data.encode import encode_dialogues
from medgenius.data.prompt import Prompt
from medgenius.data.sources import load_dialogues
from medgenius.files import new_directory
from medgenius.model.backbone import load_tokenizer
from peers.job import Recipe, Row

ModelName = Literal["smollm2_135m", "llama3_2_1b_shape"]

_LLAMA3_2_1B = LlamaConfig(
    vocab_size=128256,
    hidden_size=2048,
    intermediate_size=8192,
    num_hidden_layers=16,
    num_attention_heads=32,
    num_key_value_heads=8,
    head_dim=64,
    max_position_embeddings=131072,
    rope_parameters={"rope_type": "default", "rope_theta": 500000.0},
    tie_word_embeddings=True,
)


@dataclass(frozen=True)
class Workload:
    model: Path
    """Folder in Hugging Face's format, with the tokenizer"""
    overrides: list[str]
    recipe: Recipe
    steps: list[list[Row]]
    """The dialogues of each optimizer step"""

    @property
    def mean_tokens(self) -> float:
        rows = [len(row.ids) for step in self.steps for row in step]
        return sum(rows) / len(rows)


def prepare(name: ModelName, source: str, steps: int, per_step: int, tokens: int | None) -> Workload:
    """Tokenise as a training run does and choose the dialogues.

    Args:
        source: `sample` or the path of a file that `data=jsonl` reads
        per_step: dialogues of an optimizer step
        tokens: take the dialogues nearest to this length; None for a seeded choice
    """
    data = ["data=sample"] if source == "sample" else ["data=jsonl", f"data.path={Path(source).resolve()}"]
    config = composed(TrainConfig, *data, "model=smollm2_135m", "data.on_bad_row=skip")
    cache_dir = Path(config.run.cache_dir).expanduser()
    tokenizer = load_tokenizer(config.model, cache_dir)
    encoded = encode_dialogues(
        load_dialogues(config.data, config.seed).dialogues, Prompt(config.prompt, tokenizer), config.data.max_length
    )
    rows = [Row(example.prompt_ids + example.answer_ids, len(example.prompt_ids)) for example in encoded.examples]
    if name == "smollm2_135m":
        folder, overrides = Path(tokenizer.name_or_path), ["model=smollm2_135m"]
    else:
        folder = _random_weights(cache_dir / "models" / name, tokenizer)
        overrides = ["model=llama3_2_1b", f"model.repository={folder}"]
    return Workload(folder, overrides, _recipe(config), _choose(rows, steps, per_step, tokens, config.seed))


def part(rows: Sequence[Row], count: int, batch: int) -> list[Row]:
    """Fewer dialogues of the same distribution of lengths, for a system too slow to train them all.

    They come in batches of neighbours in length, as grouping by length makes them, the batches evenly over all lengths
    and in no order. With a `batch` of 1 that is single dialogues, ungrouped.
    """
    by_length = sorted(rows, key=lambda row: len(row.ids))
    batches = count // batch
    starts = [round((number + 0.5) / batches * len(rows) - batch / 2) for number in range(batches)]
    random.Random(0).shuffle(starts)  # noqa: S311  an order of rows
    return [row for start in starts for row in by_length[start : start + batch]]


def _choose(rows: list[Row], steps: int, per_step: int, tokens: int | None, seed: int) -> list[list[Row]]:
    order = random.Random(seed)  # noqa: S311  a choice of rows
    order.shuffle(rows)
    if tokens is not None:
        rows = sorted(rows, key=lambda row: abs(len(row.ids) - tokens))[: steps * per_step]
        order.shuffle(rows)
    return [[rows[(step * per_step + i) % len(rows)] for i in range(per_step)] for step in range(steps)]


def _recipe(config: TrainConfig) -> Recipe:
    return Recipe(
        r=config.lora.r,
        alpha=config.lora.alpha,
        dropout=config.lora.dropout,
        target_modules=list(config.lora.target_modules),
        double_quantization=config.model.double_quantization,
        learning_rate=config.optimizer.learning_rate,
        weight_decay=config.optimizer.weight_decay,
        betas=list(config.optimizer.betas),
        eps=config.optimizer.eps,
        gradient_clip_val=config.trainer.gradient_clip_val,
        max_length=config.data.max_length,
        seed=config.seed,
    )


def _random_weights(folder: Path, tokenizer: PreTrainedTokenizerBase) -> Path:
    """LLaMA 3.2 1B's shape, written once; 2.5 GB."""
    if not folder.is_dir():
        with torch.random.fork_rng(), new_directory(folder) as temporary:
            torch.manual_seed(0)
            LlamaForCausalLM._from_config(_LLAMA3_2_1B, dtype=torch.bfloat16).save_pretrained(temporary)
            tokenizer.save_pretrained(temporary)
    return folder


def lora_parameters(work: Workload) -> int:
    """Of an adapter on the recipe's projections of all layers."""
    shape = LlamaConfig.from_pretrained(work.model)
    with torch.device("meta"):
        model = LlamaForCausalLM(shape)
    sizes = {name: parameter.shape for name, parameter in model.named_parameters()}
    chosen = [size for name, size in sizes.items() if name.split(".")[-2] in work.recipe.target_modules]
    return sum(work.recipe.r * (out + into) for out, into in chosen)
