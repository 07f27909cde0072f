"""The adapter added into the full-precision weights, a block of rows at a time."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from medgenius.errors import ModelError, RunError
from medgenius.files import write_json
from medgenius.publishing.shards import (
    INDEX,
    Stored,
    by_alignment,
    contents,
    read_tensor,
    shard_files,
    write_index,
    write_shard,
)
from medgenius.runs import Run

Rounding = Callable[[str, Tensor], Tensor]
"""From a weight's name and value to the value that training computed with."""
_BLOCK: Final = 2**18
"""Elements that are added at once: 1 MiB in fp32."""
_PREFIX: Final = "base_model.model."
"""Of PEFT's names, before the name that the module has in the base."""
TOKENIZER_FILES: Final = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "special_tokens_map.json")


@dataclass(frozen=True, slots=True)
class Update:
    """What is added to one weight: scale * B @ A."""

    a: Tensor
    """[r, columns], fp32"""
    b: Tensor
    """[rows, r], fp32"""
    scale: float
    """alpha / r"""

    @property
    def is_finite(self) -> bool:
        return bool(self.a.isfinite().all() and self.b.isfinite().all())

    def of_rows(self, start: int, stop: int) -> Tensor:
        return self.scale * (self.b[start:stop] @ self.a)


def read_updates(run: Run) -> dict[str, Update]:
    """The adapter by the name of the weight that it changes.

    Raises:
        RunError: there is none, it is damaged, or more than LoRA's A and B.
    """
    settings_file, file = run.adapter / "adapter_config.json", run.adapter / "adapter_model.safetensors"
    try:
        settings = json.loads(settings_file.read_bytes())
        scale = float(settings["lora_alpha"]) / int(settings["r"])
        tensors = load_file(file)
    except FileNotFoundError as error:
        raise RunError(f"{run.path} has no trained adapter: {error.filename or file} is missing") from None
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{run.adapter} can't be read: {error}") from None
    updates: dict[str, Update] = {}
    for name, a in tensors.items():
        if name.endswith(".lora_A.weight"):
            module = name.removesuffix(".lora_A.weight")
            if (b := tensors.get(f"{module}.lora_B.weight")) is None:
                raise RunError(f"{file}: {module} has an A and no B")
            updates[f"{module.removeprefix(_PREFIX)}.weight"] = Update(a.float(), b.float(), scale)
        elif not name.endswith(".lora_B.weight"):
            raise RunError(f"{file}: {name} is no part of a LoRA update, so it can't be merged")
    return updates


def merge(base: Path, updates: Mapping[str, Update], folder: Path, rounding: Rounding | None = None) -> None:
    """Write the base's weights with the updates added, in the base's own shards and dtypes.

    Args:
        rounding: of each weight before the update; it needs the whole tensor at once

    The sum is taken in fp32 and rounded once. In memory are a block of rows and the mapped pages of one tensor.

    Raises:
        ModelError: the base can't be read, is quantised, or is not what the adapter was trained on.
    """
    files = shard_files(base)
    place: dict[str, str] = {}
    shapes: dict[str, Stored] = {}
    by_file: dict[Path, dict[str, Stored]] = {}
    for file in files:
        by_file[file] = by_alignment(contents(file))
        place |= dict.fromkeys(by_file[file], file.name)
        shapes |= by_file[file]
    _must_fit(base, shapes, updates)
    for file, tensors in by_file.items():
        with (folder / file.name).open("wb") as stream:
            write_shard(stream, tensors, _rows(file, tensors, updates, rounding))
    write_index(folder, files, place, sum(stored.bytes for stored in shapes.values()))
    assert (len(files) > 1) == (folder / INDEX).exists()


def _must_fit(base: Path, shapes: Mapping[str, Stored], updates: Mapping[str, Update]) -> None:
    for name, update in updates.items():
        if name not in shapes:
            raise ModelError(f"{base} has no {name}, which the adapter changes")
        shape = (len(update.b), update.a.shape[1])
        if shapes[name].shape != shape:
            raise ModelError(f"{base}: {name} is {shapes[name].shape}, and the adapter was trained on {shape}")


def _rows(
    file: Path, names: Mapping[str, Stored], updates: Mapping[str, Update], rounding: Rounding | None
) -> Iterator[Tensor]:
    """The data of every tensor in turn, block by block."""
    for name in names:
        weight = read_tensor(file, name) if rounding is None else rounding(name, read_tensor(file, name))
        if weight.dim() == 0:
            yield weight
            continue
        step = max(1, _BLOCK // max(1, weight[0].numel()))
        for start in range(0, len(weight), step):
            block = weight[start : start + step]
            if update := updates.get(name):
                block = (block.float() + update.of_rows(start, start + len(block))).to(weight.dtype)
            yield block
        del weight, block  # or two tensors would be mapped while the next is read


def write_model_files(base: Path, tokenizer: Path, folder: Path) -> None:
    """config.json and generation_config.json of the base with the tokenizer's ids, and the tokenizer of the training.

    Generation ends at the token that training ended answers with, and is greedy, as in the evaluation.
    """
    ids = special_ids(tokenizer)
    config = json.loads((base / "config.json").read_bytes())
    for key in [key for key in config if key.startswith("_") or key == "quantization_config"]:
        del config[key]
    write_json(folder / "config.json", config | ids)
    write_json(folder / "generation_config.json", ids | {"do_sample": False})
    for name in TOKENIZER_FILES:
        if (tokenizer / name).is_file():
            shutil.copyfile(tokenizer / name, folder / name)


def special_ids(tokenizer: Path) -> dict[str, int | None]:
    """BOS, EOS and padding ids of a tokenizer's folder; padding is EOS where there is no other."""
    from transformers import AutoTokenizer  # noqa: PLC0415  slow to import, and merging itself needs none of it

    loaded = AutoTokenizer.from_pretrained(tokenizer, trust_remote_code=False)
    pad = loaded.eos_token_id if loaded.pad_token_id is None else loaded.pad_token_id
    return {"bos_token_id": loaded.bos_token_id, "eos_token_id": loaded.eos_token_id, "pad_token_id": pad}
