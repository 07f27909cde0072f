"""Configs, models and examples for tests, made the way training makes them."""

import os
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from peft import PeftModel

from medgenius.config.app import config_dir
from medgenius.config.train import TrainConfig
from medgenius.config.validate import to_config
from medgenius.data.prompt import Example
from medgenius.model.adapter import add_adapter
from medgenius.model.backbone import load_backbone

ROOT = Path(__file__).parents[1]


def composed(*overrides: str) -> TrainConfig:
    """conf/train.yaml with overrides, checked."""
    with initialize_config_dir(version_base="1.3", config_dir=str(config_dir())):
        return to_config(compose("train", overrides=list(overrides)))


def cache_dir() -> Path:
    return Path(os.environ["MEDGENIUS_CACHE"])


def tiny_model(*overrides: str, dtype: torch.dtype = torch.float32) -> PeftModel:
    """The tiny LLaMA with an adapter whose B is not zero, so that every gradient is."""
    config = composed("model=tiny", *overrides)
    backbone = load_backbone(config.model, cache_dir(), dtype, torch.device("cpu"))
    model = add_adapter(backbone, config.lora, seed=1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.05)
    return model


def random_examples(*lengths: tuple[int, int], seed: int = 0) -> list[Example]:
    """Examples of random tokens; each length is (prompt, answer)."""
    generator = torch.Generator().manual_seed(seed)

    def ids(count: int) -> list[int]:
        return torch.randint(3, 259, (count,), generator=generator).tolist()

    return [Example(ids(prompt), ids(answer), truncated=False) for prompt, answer in lengths]


def shared_data(name: str) -> Path:
    """A file of the shared data, which are not part of the project; skips the test where it is absent."""
    folder = Path(os.environ.get("MEDGENIUS_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / name).exists():
        pytest.skip(f"needs {name} of the shared data (MEDGENIUS_SHARED_DATA)")
    return folder / name
