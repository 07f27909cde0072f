"""The parts of a published folder that need no model in memory: the adapter, the weights to merge into, GGUF files."""

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError
from transformers import AutoTokenizer, LlamaConfig

from medgenius.config.model import ModelConfig
from medgenius.config.publish import GgufType
from medgenius.data.dialogue import Message
from medgenius.data.prompt import Prompt
from medgenius.errors import ModelError
from medgenius.files import write_json, write_text
from medgenius.model.backbone import weights_of
from medgenius.publishing.facts import Facts
from medgenius.publishing.gguf_file import write_gguf
from medgenius.publishing.merge import TOKENIZER_FILES
from medgenius.publishing.modelfile import modelfile


def full_precision_base(model: ModelConfig, chosen: str | None, cache_dir: Path) -> Path:
    """The folder with the weights that are merged into.

    Args:
        chosen: a folder or repository in the place of the model's own

    Raises:
        ModelError: it can't be had.
    """
    place, revision = (chosen, "main") if chosen else weights_of(model, cache_dir)
    if Path(place).expanduser().is_dir():
        return Path(place).expanduser()
    try:
        return Path(snapshot_download(place, revision=revision, allow_patterns=["*.safetensors", "*.json"]))
    except (OSError, ValueError, HfHubHTTPError) as error:
        raise ModelError(f"the weights of {place} can't be had: {' '.join(str(error).split())[:200]}") from None


def write_adapter(facts: Facts, folder: Path) -> None:
    """PEFT's files, the tokenizer and the chat template, with the base under its public name."""
    folder.mkdir(exist_ok=True)
    settings = json.loads((facts.run.adapter / "adapter_config.json").read_bytes())
    base = facts.base.repository or facts.config.model.name
    if settings["base_model_name_or_path"] != base:
        settings["revision"] = None  # another repository's
    settings["base_model_name_or_path"] = base
    write_json(folder / "adapter_config.json", settings)
    for name in ("adapter_model.safetensors", *TOKENIZER_FILES):
        if (facts.run.adapter / name).is_file():
            shutil.copyfile(facts.run.adapter / name, folder / name)


def write_gguf_folder(facts: Facts, merged: Path, folder: Path, name: str, types: Sequence[GgufType]) -> Iterator[Path]:
    """A GGUF file for each type, each given when it is written, and a Modelfile for Ollama.

    Raises:
        ModelError: llama.cpp has no equal of the model or its tokenizer.
    """
    folder.mkdir()
    first = "Q8_0" if "Q8_0" in types else types[0]
    for wanted in types:
        file = folder / f"{name}-{wanted}.gguf"
        write_gguf(merged, file, wanted, name, facts.base.licence)
        yield file
    tokenizer = AutoTokenizer.from_pretrained(merged, trust_remote_code=False)
    prompt, instruction = facts.config.prompt, facts.config.data.default_instruction
    context = LlamaConfig.from_pretrained(merged, trust_remote_code=False).max_position_embeddings
    bos = bos_of(Prompt(prompt, tokenizer))
    text = modelfile(f"{name}-{first}.gguf", prompt, instruction, bos, tokenizer.eos_token, context)
    write_text(folder / "Modelfile", text)


def bos_of(prompt: Prompt) -> str:
    """What a prompt puts before its first message."""
    once, twice = (prompt.text([Message("user", "x"), *more]) for more in ([], [Message("user", "x")]))
    return once[: 2 * len(once) - len(twice)]
