"""The tiny model as a folder of the hub's form, to be damaged."""

import json
from pathlib import Path

import torch

from medgenius.config.model import HubModel
from medgenius.model.backbone import load_backbone, load_tokenizer, prepare_files, weights_of
from tests.support import cache_dir, composed


def tiny_folder(parent: Path) -> Path:
    """With its tokenizer, for `model.repository`."""
    tiny = composed("model=tiny").model
    prepare_files(tiny, cache_dir())
    weights, _ = weights_of(tiny, cache_dir())
    model = parent / "model"
    model.mkdir()
    for file in Path(weights).iterdir():
        (model / file.name).write_bytes(file.read_bytes())
    load_tokenizer(tiny, cache_dir()).save_pretrained(model)
    return model


def hub(folder: Path, **changes: object) -> HubModel:
    config = composed("model=llama3_2_1b", f"model.repository={folder}", "model.quantization=none").model
    assert isinstance(config, HubModel)
    return config.model_copy(update=changes)


def load(config: HubModel) -> None:
    load_part("tokenizer", config)
    load_part("model", config)


def load_part(part: str, config: HubModel) -> None:
    if part == "tokenizer":
        load_tokenizer(config, cache_dir())
    else:
        load_backbone(config, cache_dir(), torch.float32, torch.device("cpu"))


def edit(file: Path, **values: object) -> None:
    settings = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps({**settings, **values}))
