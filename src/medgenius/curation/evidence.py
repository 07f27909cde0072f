"""Which label a text's words speak for: a linear model whose weights come from lists of phrases alone."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_LONGEST = 3
"""Words of a phrase that are looked at."""
_FEWEST_TO_TRIM = 3


class Evidence:
    """score(label) = sum over the phrases f of the label in the text of

        (1 + ln tf) * icf(f)^2 * length(f) * sqrt(idf(f)),  over the square root of the text's summed (1 + ln tf)

    tf: how often f comes; icf = ln(1 + labels / labels with f), so that a phrase of many labels says little; idf: over
    texts without labels, so that an everyday word says little; length: 1, 1.6, 2.2 for phrases of 1, 2, 3 words.
    """

    def __init__(self, phrases: Mapping[str, Sequence[str]], background: Iterable[str], sharpness: float) -> None:
        """`background`: texts of the kind to be labelled; `sharpness`: factor on the scores before the softmax."""
        self.labels = tuple(phrases)
        self._sharpness = sharpness
        listed = {label: {" ".join(words(phrase)[:_LONGEST]) for phrase in own} for label, own in phrases.items()}
        every = sorted(set().union(*listed.values()))
        self._number = {phrase: number for number, phrase in enumerate(every)}
        in_texts: Counter[str] = Counter()
        texts = 0
        for text in background:
            texts += 1
            in_texts.update(self._counts(words(text))[0].keys())
        table = np.array([[phrase in listed[label] for label in self.labels] for phrase in every], dtype=np.float32)
        icf = np.log1p(len(self.labels) / table.sum(axis=1))
        idf = np.array([math.log((texts + 1) / (1 + in_texts[phrase])) for phrase in every]).clip(0)
        length = np.array([1 + 0.6 * phrase.count(" ") for phrase in every])
        self._weights = (table * (icf**2 * length * np.sqrt(idf))[:, None]).astype(np.float32)

    def probabilities(self, text: Sequence[str]) -> NDArray[np.float32]:
        """Of each label, in the order of `labels`, for the words of a text."""
        counts, size = self._counts(text)
        if not counts:
            return np.full(len(self.labels), 1 / len(self.labels), dtype=np.float32)
        rows = [self._number[phrase] for phrase in counts]
        strength = np.array([1 + math.log(count) for count in counts.values()], dtype=np.float32)
        scores = strength @ self._weights[rows] * (self._sharpness / math.sqrt(size))
        exponentials = np.exp(scores - scores.max())
        return np.asarray(exponentials / exponentials.sum(), dtype=np.float32)

    def _counts(self, text: Sequence[str]) -> tuple[dict[str, int], float]:
        """How often each listed phrase comes, and the size of the text: its different words, repeats damped."""
        single = Counter(text)
        size = sum(1 + math.log(count) for count in single.values())
        number = self._number
        counts = {word: count for word, count in single.items() if word in number}
        pairs = [f"{one} {two}" for one, two in pairwise(text)]
        for phrase in pairs:
            if phrase in number:
                counts[phrase] = counts.get(phrase, 0) + 1
        for pair, third in zip(pairs, text[2:], strict=False):
            phrase = f"{pair} {third}"
            if phrase in number:
                counts[phrase] = counts.get(phrase, 0) + 1
        return counts, size


def words(text: str) -> list[str]:
    """In lower case, without a plural s: `veins` and `vein` are one word."""
    return [
        word[:-1] if len(word) > _FEWEST_TO_TRIM and word[-1] == "s" and word[-2] not in "sui" else word
        for word in _WORD.findall(text.lower().replace("’", "'"))
    ]
