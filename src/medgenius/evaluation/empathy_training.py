"""Train the empathy classifier on rows in EPITOME's form, and measure it on rows it did not see."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score
from sklearn.model_selection import GroupKFold

from medgenius.config.empathy import EmpathyConfig
from medgenius.errors import DataError
from medgenius.evaluation.metrics.empathy import (
    LEVELS,
    SCALES,
    CrossValidation,
    EmpathyModel,
    ScaleQuality,
    vectorizer,
)
from medgenius.reading.files import read_records
from medgenius.reading.records import BadRow, ReadRules

FOLDS: Final = 5
_STRENGTH: Final = 1.0
"""Inverse of the L2 penalty."""
_MOST_BYTES: Final = 1_000_000
"""Of a row."""

I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Rows:
    posts: list[str]
    replies: list[str]
    levels: I64
    """(n, 3)"""

    def of(self, places: I64) -> "_Rows":
        return _Rows([self.posts[i] for i in places], [self.replies[i] for i in places], self.levels[places])


def train_and_tell(config: EmpathyConfig, console: Console) -> Path:
    """Train as the config says, print how well held-out rows were judged, and give the folder.

    Raises:
        DataError: as `train_empathy`.
    """
    output = Path(config.output).expanduser().resolve()
    found = train_empathy(Path(config.data.path).expanduser(), output, config.seed)
    title = f"{found.rows:,} replies to {found.posts:,} posts, {found.folds} folds by post: held-out rows"
    table = Table(title=title, title_justify="left")
    table.add_column("scale")
    for column in ("macro-F1", "weighted kappa", "accuracy"):
        table.add_column(column, justify="right")
    for name, quality in [*found.scales.items(), ("sum, 0 to 6", found.total)]:
        figures = (quality.macro_f1, quality.kappa, quality.accuracy)
        table.add_row(name.replace("_", " "), *(f"{figure:.2f}" for figure in figures))
    console.print(table, highlight=False)
    how = f"use it: medgenius evaluate run=<dir> evaluation.empathy.model={output}"
    console.print(how, highlight=False, markup=False, soft_wrap=True)
    return output


def train_empathy(path: Path, output: Path, seed: int) -> CrossValidation:
    """Train on all rows of a file, write the classifier to the folder `output`, and say how well it judges.

    Args:
        path: rows with seeker_post, response_post and levels {emotional_reactions, interpretations, explorations}

    Raises:
        DataError: a row is not of this form, or there are too few posts or levels to learn from.
    """
    rows = _read(path)
    quality = _cross_validated(path, rows, seed)
    model = _fitted(rows, quality, seed, hashlib.sha256(path.read_bytes()).hexdigest())
    model.save(output)
    return quality


def _read(path: Path) -> _Rows:
    posts: list[str] = []
    replies: list[str] = []
    levels: list[list[int]] = []
    for record in read_records(path, ReadRules(_MOST_BYTES, lambda _path, _header: None)):
        if isinstance(record, BadRow):
            raise DataError(str(record))
        value = record.value
        if not isinstance(value, Mapping):
            raise DataError(f"{record.where}: is not an object with keys")
        posts.append(_text(value, "seeker_post", record.where))
        replies.append(_text(value, "response_post", record.where))
        levels.append(_levels(value, record.where))
    rows = _Rows(posts, replies, np.array(levels, dtype=np.int64).reshape(-1, len(SCALES)))
    if len(set(posts)) < FOLDS:
        raise DataError(f"{path}: {len(set(posts))} different posts; cross-validation needs {FOLDS} at least")
    return rows


def _text(row: Mapping[str, object], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{where}: {key} must be text that is not empty")
    return value


def _levels(row: Mapping[str, object], where: str) -> list[int]:
    levels = row.get("levels")
    found = [levels.get(scale) for scale in SCALES] if isinstance(levels, Mapping) else []
    if not found or not all(type(level) is int and 0 <= level < LEVELS for level in found):
        raise DataError(f"{where}: levels must hold 0, 1 or 2 for each of {', '.join(SCALES)}")
    return [level for level in found if isinstance(level, int)]


def _cross_validated(path: Path, rows: _Rows, seed: int) -> CrossValidation:
    """Grouped by post, since replies to one post share its subject and at times its words.

    Raises:
        DataError: a fold would hold out every row of some level.
    """
    guessed = np.zeros_like(rows.levels)
    by_post = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    folds = list(by_post.split(rows.replies, groups=rows.posts))
    for seen, _ in folds:
        _refuse_unseen_level(path, rows, seen)
    for seen, held_out in folds:
        model = _fitted(rows.of(seen), _NOT_MEASURED, seed, "")
        for place in held_out:
            found = model.scores(rows.replies[place])
            guessed[place] = [getattr(found, scale) for scale in SCALES]
    return CrossValidation(
        rows=len(rows.replies),
        posts=len(set(rows.posts)),
        folds=FOLDS,
        scales={scale: _quality(rows.levels[:, k], guessed[:, k]) for k, scale in enumerate(SCALES)},
        total=_quality(rows.levels.sum(axis=1), guessed.sum(axis=1)),
    )


def _refuse_unseen_level(path: Path, rows: _Rows, seen: I64) -> None:
    for place, scale in enumerate(SCALES):
        for level in set(range(LEVELS)) - set(rows.levels[seen, place].tolist()):
            posts = {post for post, found in zip(rows.posts, rows.levels[:, place], strict=True) if found == level}
            raise DataError(
                f"{path}: posts with level {level} of {scale}: {len(posts)}, too few for {FOLDS} folds by post"
            )


def _quality(true: I64, guessed: I64) -> ScaleQuality:
    return ScaleQuality(
        macro_f1=float(f1_score(true, guessed, average="macro", zero_division=0.0)),
        kappa=float(cohen_kappa_score(true, guessed, weights="quadratic")),
        accuracy=float(accuracy_score(true, guessed)),
    )


_NOT_MEASURED: Final = CrossValidation(0, 0, 0, {}, ScaleQuality(0.0, 0.0, 0.0))
"""Of the classifiers of the folds, which are not kept."""


def _fitted(rows: _Rows, quality: CrossValidation, seed: int, data_sha256: str) -> EmpathyModel:
    """Multinomial logistic regression, levels weighted by their rarity."""
    features = vectorizer()
    matrix = features.fit_transform(rows.replies)
    classifiers = [_classifier(matrix, rows.levels[:, place], seed) for place in range(len(SCALES))]
    return EmpathyModel(
        vocabulary=[str(word) for word in features.get_feature_names_out()],
        idf=features.idf_.astype(np.float32),
        weights=np.stack([one.coef_ for one in classifiers]).astype(np.float32),
        bias=np.stack([one.intercept_ for one in classifiers]).astype(np.float32),
        cross_validation=quality,
        seed=seed,
        data_sha256=data_sha256,
    )


def _classifier(matrix: object, levels: Sequence[int] | I64, seed: int) -> LogisticRegression:
    return LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=500, random_state=seed).fit(matrix, levels)
