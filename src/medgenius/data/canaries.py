"""Canaries: invented records planted among the training rows, so that what a model memorises can be measured.

The secret sharer (Carlini et al., 2019, arXiv:1802.08232): one secret is drawn at random from a known space and
trained on; afterwards the model's loss on it is ranked among secrets of the same form that it never saw. A model that
has not memorised ranks it anywhere.

The form, with everything drawn by a seed:

    question: What is the record number of patient <letter>.<letter>., admitted to bay <two digits>?
    answer:   The record number is <three digits> <three digits> <three digits>.

It looks like what must never be learnt by heart, and stands for nobody: there is no name, date or place in it.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Final

from medgenius.data.dialogue import Dialogue

_DIGITS: Final = 9
SPACE: Final = 10**_DIGITS
"""Secrets that could have been drawn."""
MOST: Final = 26 * 26 * 90
"""Questions that can be told apart."""


@dataclass(frozen=True, slots=True)
class Canary:
    """A question and the secret that answers it."""

    input: str
    secret: int
    """0 to SPACE - 1"""

    @property
    def output(self) -> str:
        return answer_of(self.secret)


def answer_of(secret: int) -> str:
    """The answer that tells a secret."""
    digits = f"{secret:0{_DIGITS}d}"
    return f"The record number is {digits[:3]} {digits[3:6]} {digits[6:]}."


def canaries(count: int, seed: int) -> list[Canary]:
    """`count` canaries with different questions; the first are the same for every larger count.

    Raises:
        ValueError: there are not as many.
    """
    if not 0 <= count <= MOST:
        raise ValueError(f"there are 0 to {MOST:,} canaries, not {count:,}")
    generator = random.Random(f"canaries {seed}")  # noqa: S311  no secret of anybody's
    found: dict[str, Canary] = {}
    while len(found) < count:
        one, two = generator.choices(ascii_uppercase, k=2)
        question = f"What is the record number of patient {one}.{two}., admitted to bay {generator.randrange(10, 100)}?"
        secret = generator.randrange(SPACE)
        if question not in found:
            found[question] = Canary(question, secret)
    return list(found.values())


def planted_dialogues(count: int, seed: int, instruction: str) -> list[Dialogue]:
    """The canaries as training rows (`data.canaries`)."""
    return [
        Dialogue(instruction, canary.input, canary.output, f"canary:{number}")
        for number, canary in enumerate(canaries(count, seed), start=1)
    ]


def other_secrets(canary: Canary, count: int, planted: Sequence[Canary], seed: int) -> list[int]:
    """`count` different secrets that were not planted: what the canary's loss is ranked among."""
    taken = {one.secret for one in planted} | {canary.secret}
    generator = random.Random(f"candidates {seed} {canary.secret}")  # noqa: S311
    found: dict[int, None] = {}
    while len(found) < count:
        secret = generator.randrange(SPACE)
        if secret not in taken:
            found[secret] = None
    return list(found)
