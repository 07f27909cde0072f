"""The dialogues of an optimizer step dealt to the processes of a run."""

from collections.abc import Sequence
from dataclasses import dataclass

from medgenius.data.prompt import Example


@dataclass(frozen=True, slots=True)
class Share:
    """Which part of every step a process computes."""

    rank: int = 0
    processes: int = 1
    same_passes: bool = False
    """Whether each process must run as many passes as the others: with fsdp they gather weights together."""


def deal(examples: Sequence[Example], processes: int) -> list[list[Example]]:
    """One hand for each process, as even in tokens as longest-first dealing makes them; some are empty if need be.

    Every process deals in the same way, so together they see each dialogue once.
    """
    hands: list[list[Example]] = [[] for _ in range(processes)]
    tokens = [0] * processes
    for example in sorted(examples, key=len, reverse=True):
        poorest = min(range(processes), key=tokens.__getitem__)
        hands[poorest].append(example)
        tokens[poorest] += len(example)
    return hands
