"""The baseline without training: the base model is shown the training dialogues nearest to the question."""

import re
from collections.abc import Sequence
from typing import Final

import bm25s
import numpy as np

from medgenius.data.dialogue import Dialogue, Message

_WORD: Final = re.compile(r"\w+")
K1: Final = 1.5
"""How soon a repeated word stops to add."""
B: Final = 0.75
"""How much a long question is held back."""


class Retriever:
    """BM25 over the questions of the training dialogues (Robertson and Zaragoza, 2009), by the package bm25s.

    The variant of Lucene, whose inverse document frequency is never negative. Words are compared in lower case,
    without stemming and stop words: those have little weight by themselves.
    """

    def __init__(self, dialogues: Sequence[Dialogue]) -> None:
        """
        Raises:
            ValueError: no dialogue has a word in its question.
        """
        self._dialogues = dialogues
        texts = [_words(dialogue.input) for dialogue in dialogues]
        self._known = {word for text in texts for word in text}
        if not self._known:
            raise ValueError("nothing to look up: no dialogue has a word in its question")
        self._index = bm25s.BM25(method="lucene", k1=K1, b=B)
        self._index.index(texts, show_progress=False)

    def scores(self, question: str) -> list[float]:
        """How near each dialogue is, in their order; 0 where they share no word."""
        known = [word for word in _words(question) if word in self._known]
        if not known:
            return [0.0] * len(self._dialogues)
        return [float(score) for score in self._index.get_scores(known)]

    def nearest(self, question: str, count: int) -> list[Dialogue]:
        """At most `count` dialogues that share a word with the question, the nearest first, the earlier of equals."""
        scores = np.asarray(self.scores(question))
        order = np.argsort(-scores, kind="stable")[:count]
        return [self._dialogues[place] for place in order if scores[place] > 0]

    def prompt_for(self, question: str, k: int, instruction: str) -> list[Message]:
        """The messages of a prompt: the nearest dialogues as turns before the question, the nearest last.

        As turns they go through the one prompt of the project, so that the model reads them as it reads any dialogue.
        """
        shown = [
            message
            for dialogue in reversed(self.nearest(question, k))
            for message in (Message("user", dialogue.input), Message("assistant", dialogue.output))
        ]
        return [Message("system", instruction), *shown, Message("user", question)]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
