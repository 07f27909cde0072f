"""Training, validation and test dialogues: as their file has them, or seeded, with no question on both sides."""

import hashlib
import math
from collections import defaultdict
from dataclasses import dataclass, field

from medgenius.data.dialogue import Dialogue, Part
from medgenius.errors import DataError


@dataclass(frozen=True, slots=True)
class Split:
    train: list[Dialogue]
    validation: list[Dialogue]
    test: list[Dialogue] = field(default_factory=list)
    """Neither trained on nor looked at while training"""


def split_dialogues(dialogues: list[Dialogue], fraction: float, seed: int) -> Split:
    """The split that the dialogues bring, else one that holds out about `fraction` of them.

    Where they bring one without validation, that is held out of its training side.

    Raises:
        DataError: nothing is left to train on or to hold out; some dialogues say where they belong and others do not.
    """
    parts: dict[Part | None, list[Dialogue]] = defaultdict(list)
    for dialogue in dialogues:
        parts[dialogue.part].append(dialogue)
    if set(parts) <= {None}:
        return _held_out(dialogues, fraction, seed)
    if parts[None]:
        raise DataError(
            f"{parts[None][0].where}: the first of {len(parts[None])} dialogues that say not where they belong, while "
            f"{len(dialogues) - len(parts[None])} others do; split them all, or none with data.split_column=null"
        )
    if not parts["train"]:
        raise DataError("no dialogue is marked train; data.split_column=null splits anew")
    if parts["validation"]:
        return Split(parts["train"], parts["validation"], parts["test"])
    inner = _held_out(parts["train"], fraction, seed)
    return Split(inner.train, inner.validation, parts["test"])


def _held_out(dialogues: list[Dialogue], fraction: float, seed: int) -> Split:
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
