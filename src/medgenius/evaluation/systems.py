"""The two systems of a comparison, asked the same: the base model, and the tuned one or the base that looks up."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from medgenius.data.dialogue import Dialogue, Message, prompt_messages
from medgenius.data.prompt import Example
from medgenius.evaluation.records import Answer
from medgenius.inference.generation import generate
from medgenius.inference.likelihood import ChoiceItem, choice_log_likelihoods, dialogue_losses
from medgenius.inference.tuned import TunedModel

T = TypeVar("T")
Done = Callable[[], None]
"""Called after each thing that was computed, for the progress bar."""


@dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """The same thing of either system."""

    base: T
    tuned: T


class Retrieval(Protocol):
    """What puts the training dialogues nearest to a question before it."""

    def prompt_for(self, question: str, k: int, instruction: str) -> list[Message]: ...


@dataclass(frozen=True, slots=True)
class Loss:
    """Of one answer under one system."""

    nats: float
    """Negative log-likelihood, summed over the targets"""
    targets: int


@dataclass(frozen=True, slots=True)
class Systems:
    """Asks both; results come in the order of the questions."""

    model: TunedModel
    max_new_tokens: int
    retrieval: Retrieval | None
    """None: the second system is the tuned model. Else it is the base model, shown what this finds."""
    retrieved: int
    """Dialogues that it is shown"""

    @property
    def positions(self) -> int:
        """Tokens that the model can hold."""
        return int(self.model.model.config.max_position_embeddings)

    def longest_written(self, question: Dialogue) -> int:
        """Tokens of the longer prompt with the longest answer that may follow."""
        prompts = self._prompts(question)
        return max(len(prompts.base), len(prompts.tuned)) + self.max_new_tokens

    def longest_read(self, dialogue: Dialogue) -> int:
        """Tokens of the longer prompt with the reference answer."""
        examples = self._examples(dialogue)
        return max(len(examples.base), len(examples.tuned))

    def answers(self, questions: Sequence[Dialogue], done: Done) -> list[Pair[Answer]]:
        """What either writes to each question, greedily."""
        prompts = [self._prompts(question) for question in questions]
        base, tuned = (
            self._written([getattr(pair, side) for pair in prompts], system, done)
            for side, system in (("base", self.model.base()), ("tuned", self._tuned()))
        )
        return [Pair(*both) for both in zip(base, tuned, strict=True)]

    def losses(self, dialogues: Sequence[Dialogue], done: Done) -> list[Pair[Loss]]:
        """What the reference answer of each costs; of either system over the same target tokens."""
        examples = [self._examples(dialogue) for dialogue in dialogues]
        base, tuned = (
            self._losses([getattr(pair, side) for pair in examples], system, done)
            for side, system in (("base", self.model.base()), ("tuned", self._tuned()))
        )
        return [Pair(*both) for both in zip(base, tuned, strict=True)]

    def choice_log_likelihoods(self, items: Sequence[ChoiceItem], done: Done) -> list[Pair[tuple[float, ...]]]:
        """The log-likelihood of each item's continuations, in nats."""
        found: list[list[tuple[float, ...]]] = []
        for system in (self.model.base(), self._tuned()):
            with system:
                found.append(_in_order(choice_log_likelihoods(self.model, items), len(items), done))
        return [Pair(*both) for both in zip(*found, strict=True)]

    def _tuned(self) -> AbstractContextManager[None]:
        return nullcontext() if self.retrieval is None else self.model.base()

    def _prompts(self, dialogue: Dialogue) -> Pair[list[int]]:
        prompt = self.model.prompt
        base = prompt.encode_prompt(prompt_messages(dialogue))
        if self.retrieval is None:
            return Pair(base, base)
        shown = self.retrieval.prompt_for(dialogue.input, self.retrieved, dialogue.instruction)
        return Pair(base, prompt.encode_prompt(shown))

    def _examples(self, dialogue: Dialogue) -> Pair[Example]:
        """Cut for both where training would have cut it; what is looked up comes on top."""
        base = self.model.prompt.example(dialogue, self.model.config.data.max_length)
        assert base is not None, "items that leave no room for an answer are no items"
        if self.retrieval is None:
            return Pair(base, base)
        return Pair(base, Example(self._prompts(dialogue).tuned, base.answer_ids, base.truncated))

    def _written(
        self, prompts: Sequence[Sequence[int]], system: AbstractContextManager[None], done: Done
    ) -> list[Answer]:
        written: dict[int, Answer] = {}
        with system:
            for one in generate(self.model, prompts, self.max_new_tokens):
                text = str(self.model.tokenizer.decode(one.ids, skip_special_tokens=True)).strip()
                written[one.index] = Answer(text, len(one.ids), one.finished, tuple(one.ids))
                done()
        return [written[place] for place in range(len(prompts))]

    def _losses(self, examples: Sequence[Example], system: AbstractContextManager[None], done: Done) -> list[Loss]:
        with system:
            nats = _in_order(dialogue_losses(self.model, examples), len(examples), done)
        return [Loss(one, len(example.answer_ids)) for one, example in zip(nats, examples, strict=True)]


def _in_order(results: Iterator[tuple[int, T]], count: int, done: Done) -> list[T]:
    """Results that come with their place."""
    found: dict[int, T] = {}
    for place, value in results:
        found[place] = value
        done()
    return [found[place] for place in range(count)]
