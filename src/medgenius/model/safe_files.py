"""What is never loaded: pickles, which run code when they are read, and code that a model brings along."""

import json
from functools import cache
from pathlib import Path
from typing import Final

from transformers.utils.hub import cached_file

from medgenius.config.model import HubModel
from medgenius.errors import ModelError, shown
from medgenius.model.hub import is_out_of_reach

_PICKLES: Final = frozenset({".bin", ".ckpt", ".joblib", ".pickle", ".pkl", ".pt", ".pth"})
_WEIGHTS: Final = "model.safetensors"
_INDEX: Final = "model.safetensors.index.json"
_ADAPTER: Final = "adapter_config.json"


def pickles_in(folder: Path) -> list[str]:
    """Names of the files at any depth that are pickles by their ending."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix.lower() in _PICKLES)


def refuse_unsafe_model(config: HubModel) -> None:
    """Look at a repository, or a local folder, before anything of it is loaded.

    transformers alone would refuse some of this, pass over some in silence, ask at the keyboard, or load the pickle
    of an adapter that lies in the folder.

    Raises:
        ModelError: weights that are pickles alone, code of its own, an adapter, or a foreign quantisation.
    """
    if why := _unsafe(config.repository, config.revision, config.quantization):
        raise ModelError(f"model.repository={shown(config.repository)}: {why}")


@cache
def _unsafe(repository: str, revision: str, quantization: str) -> str | None:
    """The reason why not."""
    folder = Path(repository)
    if folder.is_dir() and (why := _unsafe_folder(folder)):
        return why
    for name in ("config.json", "tokenizer_config.json"):
        if "auto_map" in _settings(repository, revision, name):
            return f"needs code of its own (auto_map in {name}), which is never run"
    if found_file(repository, revision, _ADAPTER):
        return f"is an adapter or holds one ({_ADAPTER}); a model is needed"
    shards = _settings(repository, revision, _INDEX).get("weight_map")
    for shard in sorted(set(shards.values())) if isinstance(shards, dict) else ():
        if Path(shard).name != shard or not shard.endswith(".safetensors"):
            return f"{_INDEX} names {shown(shard)}: only safetensors beside it are read"
    return _foreign_quantization(_settings(repository, revision, "config.json"), quantization)


def _unsafe_folder(folder: Path) -> str | None:
    code = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.py"))
    if code:
        return f"brings code of its own ({shown(code[0])}), which is never run: remove it, or choose another model"
    if (folder / "config.json").is_file() and not (folder / _WEIGHTS).is_file() and not (folder / _INDEX).is_file():
        pickles = pickles_in(folder)
        if pickles:
            return f"its weights are a pickle ({shown(pickles[0])}), which could run code: only safetensors are read"
        return f"has no {_WEIGHTS}"
    return None


def _foreign_quantization(settings: dict[str, object], wanted: str) -> str | None:
    """Other methods have loaders of their own, not all of which read safetensors alone."""
    stored = settings.get("quantization_config")
    if not isinstance(stored, dict):
        return "is not quantised: say model.quantization=nf4 or none" if wanted == "prequantized" else None
    method = stored.get("quant_method", "bitsandbytes")
    if method != "bitsandbytes":
        return f"is quantised by {shown(method)}: only bitsandbytes is read"
    if not stored.get("load_in_4bit"):
        return "is quantised to 8 bits: only 4 bits are read"
    return None if wanted == "prequantized" else "is quantised already: say model.quantization=prequantized"


def _settings(repository: str, revision: str, name: str) -> dict[str, object]:
    """A JSON file of the repository; empty where there is none."""
    path = found_file(repository, revision, name)
    if path is None:
        return {}
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        raise ModelError(f"model.repository={shown(repository)}: {name} is not valid JSON") from None
    if not isinstance(values, dict):
        raise ModelError(f"model.repository={shown(repository)}: {name} is no JSON object")
    return values


def found_file(repository: str, revision: str, name: str) -> Path | None:
    """Where a file of the repository lies, fetched if need be; None where there is none, or nothing can be had."""
    try:
        path = cached_file(
            repository,
            name,
            revision=revision,
            local_files_only=is_out_of_reach(repository),
            _raise_exceptions_for_gated_repo=False,
            _raise_exceptions_for_missing_entries=False,
            _raise_exceptions_for_connection_errors=False,
        )
    except (OSError, ValueError):  # no such repository: what loads it says so
        return None
    return Path(path) if path else None
