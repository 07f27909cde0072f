"""Training and validation dialogues: seeded, and no question on both sides."""

import hashlib
import math
from collections import defaultdict
from dataclasses import dataclass

from medgenius.data.dialogue import Dialogue
from medgenius.errors import DataError


@dataclass(frozen=True, slots=True)
class Split:
    train: list[Dialogue]
    validation: list[Dialogue]


def split_dialogues(dialogues: list[Dialogue], fraction: float, seed: int) -> Split:
    """Hold out about `fraction` of the dialogues.

    Dialogues whose questions are equal but for case and white space stay together. The order in which questions are
    held out comes from a hash of the seed and the question, so that it does not depend on the order of the file.

    Raises:
        DataError: fewer than two different questions: nothing could be held out.
    """
    by_question: dict[str, list[Dialogue]] = defaultdict(list)
    for dialogue in dialogues:
        by_question[" ".join(dialogue.input.casefold().split())].append(dialogue)
    if len(by_question) < 2:
        raise DataError(
            f"only {len(by_question)} different question in {len(dialogues)} dialogues: "
            "no validation set can be held out, and training without one is refused"
        )
    wanted = max(1, math.floor(fraction * len(dialogues)))
    shuffled = sorted(by_question, key=lambda question: hashlib.sha256(f"{seed}\n{question}".encode()).digest())
    held_out: set[str] = set()
    count = 0
    for question in shuffled[:-1]:  # at least one question is left for training
        if count >= wanted:
            break
        held_out.add(question)
        count += len(by_question[question])
    sides: tuple[list[Dialogue], list[Dialogue]] = ([], [])
    for question, same in by_question.items():
        sides[question in held_out].extend(same)
    return Split(train=sides[0], validation=sides[1])
