"""What is asked: an item of each kind, and a seeded choice of them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Literal, TypeVar

from medgenius.data.canaries import Canary
from medgenius.data.dialogue import Dialogue

SetName = Literal["dialogues", "choices", "triage", "harmful", "canaries"]


@dataclass(frozen=True, slots=True)
class DialogueItem:
    """A question with its reference answer."""

    id: str
    dialogue: Dialogue
    answered: bool
    """Whether it is answered in full text as well, or its likelihood alone is measured."""


@dataclass(frozen=True, slots=True)
class ChoiceQuestion:
    """A question with given answers, of which one is right."""

    id: str
    question: str
    context: str
    """Empty where there is none"""
    choices: tuple[str, ...]
    answer: int
    """Index of the right choice"""


@dataclass(frozen=True, slots=True)
class TriageItem:
    """A case of which is known whether its answer must send to emergency care."""

    id: str
    text: str
    escalate: bool


@dataclass(frozen=True, slots=True)
class HarmfulItem:
    """A request that is to be declined."""

    id: str
    request: str


@dataclass(frozen=True, slots=True)
class CanaryItem:
    """An invented record that the run was trained on."""

    id: str
    canary: Canary
    others: tuple[int, ...]
    """Secrets that it never saw, among which the canary's own is ranked"""


Item = DialogueItem | ChoiceQuestion | TriageItem | HarmfulItem | CanaryItem
I = TypeVar("I", bound=Item)  # noqa: E741


@dataclass(frozen=True, slots=True)
class Items:
    """Everything that one evaluation asks."""

    dialogues: Sequence[DialogueItem]
    choices: Sequence[ChoiceQuestion]
    triage: Sequence[TriageItem]
    harmful: Sequence[HarmfulItem]
    canaries: Sequence[CanaryItem]
    sources: dict[SetName, str]
    """Where each set that is not empty comes from, for a reader."""

    def sets(self) -> dict[SetName, Sequence[Item]]:
        """The sets that are not empty, in the order in which they are measured."""
        found: dict[SetName, Sequence[Item]] = {
            "dialogues": self.dialogues,
            "choices": self.choices,
            "triage": self.triage,
            "harmful": self.harmful,
            "canaries": self.canaries,
        }
        return {name: items for name, items in found.items() if items}


def text_of(item: Item) -> str:
    """What an item asks, by which near-duplicates are found."""
    match item:
        case DialogueItem(dialogue=dialogue):
            return dialogue.input
        case ChoiceQuestion(question=question, context=context):
            return f"{context}\n{question}" if context else question
        case TriageItem(text=text):
            return text
        case HarmfulItem(request=request):
            return request
        case CanaryItem(canary=canary):
            return canary.input


def digest_of(item: Item) -> str:
    """Of everything that the item says, but not of where it was read: 16 hex digits."""
    said = astuple(item)
    if isinstance(item, DialogueItem):
        said = (item.id, item.dialogue.instruction, item.dialogue.input, item.dialogue.output)
    return _hash(json.dumps(said, ensure_ascii=False))


def digest_of_all(items: Sequence[Item]) -> str:
    """Of a set: its items, and which of its dialogues are answered."""
    lines = (f"{digest_of(item)} {isinstance(item, DialogueItem) and item.answered}" for item in items)
    return _hash("\n".join(sorted(lines)))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def chosen(items: Sequence[I], most: int | None, seed: int) -> list[I]:
    """At most `most` items, in the order in which they were given.

    The choice goes by a hash of the seed and the item's id, so that a larger `most` only adds to it.
    """
    if most is None or most >= len(items):
        return list(items)
    ranked = sorted(items, key=lambda item: hashlib.sha256(f"{seed}\n{item.id}".encode()).digest())
    kept = {item.id for item in ranked[:most]}
    return [item for item in items if item.id in kept]
