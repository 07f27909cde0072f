"""EPITOME-style empathy of an answer: three scales from 0 to 2, by a small classifier that this project trains.

The scales are those of Sharma, Miner, Atkins and Althoff, 2020 (arXiv:2009.08441): emotional reactions (warmth and
compassion), interpretations (saying what one understands of the other's feelings), explorations (asking further); 0 is
none, 1 weak, 2 strong. The classifier reads words and word pairs of the answer alone. It was trained on replies of
fellow sufferers in a forum, not of doctors, and is right as often as `CrossValidation` says: never show its scores
without that.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file, save
from sklearn.feature_extraction.text import TfidfVectorizer

from medgenius.errors import ModelError
from medgenius.files import new_directory, write_json

SCALES: Final = ("emotional_reactions", "interpretations", "explorations")
LEVELS: Final = 3
_VERSION: Final = 1
_PIECE: Final = r"[a-z0-9']+|[?!]"
_CARD: Final = "empathy.json"
_WEIGHTS: Final = "empathy.safetensors"

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ScaleQuality:
    """How well held-out rows were judged on one scale."""

    macro_f1: float
    """Mean over the levels 0, 1, 2, rare ones counting as much as common ones"""
    kappa: float
    """Agreement beyond chance, weighted by the square of the distance (Cohen, 1968): 0 for chance, 1 for perfect"""
    accuracy: float


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """Every row judged by a classifier that saw no row of the same post."""

    rows: int
    posts: int
    folds: int
    scales: Mapping[str, ScaleQuality]
    total: ScaleQuality
    """Of the sum, 0 to 6; its macro-F1 is over seven levels"""


@dataclass(frozen=True, slots=True)
class Empathy:
    """Of one answer."""

    emotional_reactions: int
    interpretations: int
    explorations: int

    @property
    def total(self) -> int:
        """0 to 6."""
        return self.emotional_reactions + self.interpretations + self.explorations


class _Card(BaseModel):
    """empathy.json: everything of the classifier but its numbers."""

    model_config = ConfigDict(extra="forbid", strict=True)

    version: int
    seed: int
    data_sha256: str
    vocabulary: list[str]
    cross_validation: CrossValidation


def vectorizer(vocabulary: list[str] | None = None) -> TfidfVectorizer:
    """Words, pairs of words, question and exclamation marks, as tf-idf; the settings of training and use alike."""
    return TfidfVectorizer(token_pattern=_PIECE, ngram_range=(1, 2), min_df=3, sublinear_tf=True, vocabulary=vocabulary)


@dataclass(frozen=True)
class EmpathyModel:
    """A linear classifier for each scale over the same tf-idf features."""

    vocabulary: list[str]
    idf: F32
    """(V,)"""
    weights: F32
    """(3 scales, 3 levels, V)"""
    bias: F32
    """(3 scales, 3 levels)"""
    cross_validation: CrossValidation
    seed: int
    data_sha256: str
    """Of the rows it was trained on"""

    @cached_property
    def _features(self) -> TfidfVectorizer:
        features = vectorizer(self.vocabulary)
        features.idf_ = self.idf.astype(np.float64)
        return features

    def scores(self, answer: str) -> Empathy:
        """The likeliest level of each scale. What was asked does not matter to it."""
        row = self._features.transform([answer]).tocoo()
        strengths = self.bias + self.weights[:, :, row.col] @ row.data.astype(np.float32)
        return Empathy(*(int(level) for level in strengths.argmax(axis=1)))

    def save(self, folder: Path) -> None:
        """Write it whole or not at all: JSON and safetensors, nothing that runs when it is read."""
        card = _Card(
            version=_VERSION,
            seed=self.seed,
            data_sha256=self.data_sha256,
            vocabulary=self.vocabulary,
            cross_validation=self.cross_validation,
        )
        with new_directory(folder) as temporary:
            write_json(temporary / _CARD, card.model_dump())
            tensors = {"idf": self.idf, "weights": self.weights, "bias": self.bias}
            # safetensors writes the bytes as they lie in memory, whatever the strides
            whole = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
            (temporary / _WEIGHTS).write_bytes(save(whole))

    @staticmethod
    def digest(folder: Path) -> str:
        """SHA-256 of what is saved there, by which one classifier is told from another in the same place.

        Raises:
            ModelError: there is no such classifier.
        """
        try:
            whole = b"".join((folder / file).read_bytes() for file in (_CARD, _WEIGHTS))
        except OSError as error:
            raise ModelError(f"{folder} is no empathy model: {error.strerror}") from None
        return hashlib.sha256(whole).hexdigest()

    @classmethod
    def load(cls, folder: Path) -> Self:
        """
        Raises:
            ModelError: there is no such classifier, or it is damaged or of another version.
        """
        for file in (_CARD, _WEIGHTS):
            if not (folder / file).exists():
                raise ModelError(f"{folder} is no empathy model: {file} is missing")
        try:
            card = _Card.model_validate_json((folder / _CARD).read_bytes())
            tensors = load_file(folder / _WEIGHTS)
            model = cls(
                vocabulary=card.vocabulary,
                idf=tensors["idf"],
                weights=tensors["weights"],
                bias=tensors["bias"],
                cross_validation=card.cross_validation,
                seed=card.seed,
                data_sha256=card.data_sha256,
            )
        except (OSError, ValidationError, SafetensorError, KeyError) as error:
            raise ModelError(f"{folder} is no empathy model that can be read: {str(error).splitlines()[0]}") from None
        size = len(card.vocabulary)
        shapes = (model.idf.shape, model.weights.shape, model.bias.shape)
        if card.version != _VERSION or shapes != ((size,), (len(SCALES), LEVELS, size), (len(SCALES), LEVELS)):
            raise ModelError(f"{folder} is an empathy model of another version")
        return model
