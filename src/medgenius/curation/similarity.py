"""How alike two rows are: sets of three-word runs, their Jaccard index, and MinHash bands to find candidates.

MinHash: Broder, 1997, "On the resemblance and containment of documents". Bands: Leskovec, Rajaraman and Ullman, Mining
of Massive Datasets, section 3.4.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from medgenius.categories import CATEGORIES
from medgenius.curation.row import Row

BANDS: Final = 32
"""Rows with a Jaccard index of s agree in a given band with probability s**BAND_WIDTH."""
BAND_WIDTH: Final = 4
_SEED: Final = 1
_WORD: Final = re.compile(r"\w+")
_MOST_WORDS: Final = 200_000
"""Words whose hashes a process remembers."""
_ANSWER: Final = np.uint64(0x9E3779B97F4A7C15)
"""Sets the runs of answers apart from those of questions."""
_FACTORS: Final = np.array([0xD6E8FEB86659FD93, 0xA0761D6478BD642F, 0xE7037ED1A0B428DB], dtype=np.uint64)

_CATEGORY: Final = {name: place for place, name in enumerate(CATEGORIES)}

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]

_word_hashes: Final[dict[str, int]] = {}


def words(text: str) -> list[str]:
    """Words without case and punctuation."""
    return _WORD.findall(text.casefold())


def hashed(text: str) -> int:
    """64 bits that are the same in every process and on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _hash_words(text: Sequence[str]) -> U64:
    if len(_word_hashes) > _MOST_WORDS:
        _word_hashes.clear()
    for word in text:
        if word not in _word_hashes:
            _word_hashes[word] = hashed(word)
    return np.array([_word_hashes[word] for word in text], dtype=np.uint64)


def runs(text: Sequence[str], length: int = 3) -> U64:
    """Hashes of the runs of three words, each once, in order. The ends count as words, two on either side.

    So even one word has runs, and one different word among few tells two texts apart: "What is (are) gout ?" and "What
    is (are) acne ?" share 3 of 9 runs.
    """
    if not text:
        return np.empty(0, dtype=np.uint64)
    edge = np.zeros(length - 1, dtype=np.uint64)
    return np.unique(_mixed(np.concatenate([edge, _hash_words(text), edge]), length))


def inner_runs(text: Sequence[str], length: int) -> U64:
    """Hashes of the runs of just `length` words; none of a shorter text."""
    if len(text) < length:
        return np.empty(0, dtype=np.uint64)
    return np.unique(_mixed(_hash_words(text), length))


def _mixed(hashes: U64, length: int) -> U64:
    """One hash for each window of `length` hashes; the order within a window counts."""
    count = len(hashes) - length + 1
    mixed = np.zeros(count, dtype=np.uint64)
    for offset in range(length):
        mixed = (mixed ^ hashes[offset : offset + count]) * _FACTORS[offset % 3]
        mixed ^= mixed >> np.uint64(29)
    return mixed


def jaccard(a: NDArray[np.unsignedinteger], b: NDArray[np.unsignedinteger]) -> float:
    """Of two sorted arrays without repeats; 1 for two empty ones."""
    if len(a) > len(b):
        a, b = b, a
    if not len(a):
        return 1.0 if not len(b) else 0.0
    shared = np.count_nonzero(b.take(b.searchsorted(a), mode="clip") == a)
    return float(shared / (len(a) + len(b) - shared))


@dataclass(frozen=True, slots=True)
class Index:
    """What is kept of n rows in order to compare them; no text."""

    same: U64
    """(n,) equal for rows of the same words"""
    question: U64
    """(n,) equal for questions of the same words"""
    conversation: U64
    """(n,) equal for answers of one conversation"""
    content: U64
    """(n,) of the exact texts: an order that does not depend on where a row stands"""
    category: NDArray[np.int16]
    """(n,) place in CATEGORIES, -1 for none"""
    lengths: U32
    """(n, 2) characters of answer and question"""
    bands: U32
    """(n, BANDS)"""
    counts: U32
    """(n, 2) runs of question and answer"""
    runs: U32
    """the runs of all rows one after the other, question before answer, each sorted"""


def index(rows: Sequence[Row]) -> Index:
    """Compute it; n is the number of rows."""
    asked = [words(row.input) for row in rows]
    answered = [words(row.output) for row in rows]
    question_runs = [runs(text) for text in asked]
    answer_runs = [runs(text) for text in answered]
    pieces = [piece for pair in zip(question_runs, answer_runs, strict=True) for piece in pair]
    short = [np.unique((piece >> np.uint64(32)).astype(np.uint32)) for piece in pieces]
    # A text without a single word is equal only to itself.
    asked_words = [" ".join(text) or row.input for text, row in zip(asked, rows, strict=True)]
    answered_words = [" ".join(text) or row.output for text, row in zip(answered, rows, strict=True)]
    return Index(
        same=_hashes([f"{q}\0{a}" for q, a in zip(asked_words, answered_words, strict=True)]),
        question=_hashes(asked_words),
        conversation=_hashes([row.conversation_id or f"\0{row.key}" for row in rows]),
        content=_hashes([f"{row.input}\0{row.output}" for row in rows]),
        category=np.array([_CATEGORY.get(row.category, -1) for row in rows], dtype=np.int16),
        lengths=np.array([(len(row.output), len(row.input)) for row in rows], dtype=np.uint32).reshape(-1, 2),
        bands=_bands(question_runs, answer_runs),
        counts=np.array([len(piece) for piece in short], dtype=np.uint32).reshape(-1, 2),
        runs=np.concatenate(short) if short else np.empty(0, dtype=np.uint32),
    )


def _hashes(texts: Sequence[str]) -> U64:
    return np.array([hashed(text) for text in texts], dtype=np.uint64)


def _bands(question_runs: Sequence[U64], answer_runs: Sequence[U64]) -> U32:
    """(n, BANDS): one number for each BAND_WIDTH values of a row's MinHash signature."""
    from rensa import RMinHash  # noqa: PLC0415  only the steps that compare rows need it

    if not question_runs:
        return np.empty((0, BANDS), dtype=np.uint32)
    flat = [np.concatenate([q, a ^ _ANSWER]) for q, a in zip(question_runs, answer_runs, strict=True)]
    offsets = np.cumsum([0, *map(len, flat)], dtype=np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(np.concatenate(flat), offsets, BANDS * BAND_WIDTH, _SEED)
    signatures = np.array(matrix.to_rows(), dtype=np.uint64).reshape(len(flat), BANDS, BAND_WIDTH)
    mixed = np.zeros(signatures.shape[:2], dtype=np.uint64)
    for place in range(BAND_WIDTH):
        mixed = (mixed ^ signatures[:, :, place]) * _FACTORS[place % 3]
        mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(32)).astype(np.uint32)
