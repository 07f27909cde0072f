"""What a run loads: anew, or what an earlier run of the process has loaded."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerBase

from medgenius.config.model import ModelConfig
from medgenius.config.train import TrainConfig
from medgenius.data.prompt import Prompt
from medgenius.model.backbone import load_backbone, load_tokenizer
from medgenius.model.copying import with_same_weights
from medgenius.training.module import FrozenLoss
from medgenius.training.rows import TrainingData, read_data
from medgenius.training.samples import wants_samples

T = TypeVar("T")


class Loader:
    """Everything anew: for a process that trains once."""

    def tokenizer(self, config: TrainConfig, cache_dir: Path) -> PreTrainedTokenizerBase:
        return load_tokenizer(config.model, cache_dir)

    def data(self, config: TrainConfig, prompt: Prompt) -> TrainingData:
        return read_data(config, prompt)

    def backbone(
        self, config: ModelConfig, cache_dir: Path, dtype: torch.dtype, device: torch.device
    ) -> LlamaForCausalLM:
        """A frozen model that the caller may change, its weights excepted."""
        return load_backbone(config, cache_dir, dtype, device)

    def frozen_loss(self, config: TrainConfig, computed: str) -> FrozenLoss:  # noqa: ARG002  a subclass shares
        """
        Args:
            computed: where the model comes from and how its loss is computed
        """
        return FrozenLoss()


class _Last(Generic[T]):
    """One value, made again when its key is another."""

    def __init__(self) -> None:
        self._kept: tuple[str, T] | None = None

    def get(self, key: str, make: Callable[[], T]) -> T:
        if self._kept is None or self._kept[0] != key:
            self._kept = None  # before the next is made: two of them might not fit in memory
            self._kept = (key, make())
        return self._kept[1]


class SharingLoader(Loader):
    """For a process that trains many times: tokenizer, token ids, frozen model and its loss are kept, the last of each.

    A run gets exactly what it would have loaded or measured itself (tests/sweeps/test_study.py compares what comes
    out). The frozen model is never given away: each run gets modules of its own over the same weights.
    """

    def __init__(self) -> None:
        self._tokenizer = _Last[PreTrainedTokenizerBase]()
        self._data = _Last[TrainingData]()
        self._backbone = _Last[LlamaForCausalLM]()
        self._frozen_loss = _Last[FrozenLoss]()

    def tokenizer(self, config: TrainConfig, cache_dir: Path) -> PreTrainedTokenizerBase:
        return self._tokenizer.get(
            f"{config.model.model_dump_json()} {cache_dir}",
            lambda: super(SharingLoader, self).tokenizer(config, cache_dir),
        )

    def data(self, config: TrainConfig, prompt: Prompt) -> TrainingData:
        key = json.dumps([_rows_of(config), config.tracking.samples, wants_samples(config)])
        return self._data.get(key, lambda: super(SharingLoader, self).data(config, prompt))

    def backbone(
        self, config: ModelConfig, cache_dir: Path, dtype: torch.dtype, device: torch.device
    ) -> LlamaForCausalLM:
        key = f"{config.model_dump_json()} {cache_dir} {dtype} {device}"
        kept = self._backbone.get(key, lambda: super(SharingLoader, self).backbone(config, cache_dir, dtype, device))
        return with_same_weights(kept)

    def frozen_loss(self, config: TrainConfig, computed: str) -> FrozenLoss:
        return self._frozen_loss.get(f"{_rows_of(config)} {computed}", FrozenLoss)


def _rows_of(config: TrainConfig) -> str:
    """Tells one model's token ids from another's."""
    parts = [part.model_dump_json() for part in (config.data, config.prompt, config.model)]
    return json.dumps([*parts, config.seed, _file_of(config)])


def _file_of(config: TrainConfig) -> list[int]:
    """Tells a file from the same one changed."""
    if config.data.source != "file":
        return []
    state = Path(config.data.path).expanduser().stat()
    return [state.st_mtime_ns, state.st_size, state.st_ino]
