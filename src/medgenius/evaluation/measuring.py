"""From items to records: both systems are asked, a portion of items at a time, and every metric scores the answers."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from medgenius.config.curation.category import CategoryConfig
from medgenius.config.evaluation import EvaluationConfig, MetricName
from medgenius.curation.steps.category import Category
from medgenius.data.canaries import SPACE, answer_of
from medgenius.data.dialogue import Dialogue, prompt_messages
from medgenius.errors import DataError
from medgenius.evaluation.canaries import exposure
from medgenius.evaluation.choices import choice_item, choice_scores, context_of, in_writing, unconditional_item
from medgenius.evaluation.clusters import clusters
from medgenius.evaluation.items import (
    CanaryItem,
    ChoiceQuestion,
    DialogueItem,
    Item,
    SetName,
    digest_of,
    text_of,
)
from medgenius.evaluation.measures import Scored, Scorer
from medgenius.evaluation.progress import SetProgress
from medgenius.evaluation.records import Answer, Record, Score
from medgenius.evaluation.systems import Loss, Pair, Systems
from medgenius.inference.likelihood import ChoiceItem

_TOKENS_WRITTEN: Final = 32
"""So many tokens of an answer weigh as much in the progress bar as reading a text, which weighs 1."""
_CANARY: Final = 20.0
"""What ranking a canary weighs in the progress bar."""
_MOST_PRIORS: Final = 4096
"""Sets of choices whose likelihood without a question is remembered."""
_CATEGORY_WORDS: Final = 150
"""Of question and answer, as conf/curation/category.yaml has it."""

Scores = dict[str, Score]


class Measuring:
    """Everything that turns the items of a set into records."""

    def __init__(
        self, systems: Systems, scorers: Mapping[MetricName, Scorer], config: EvaluationConfig, instruction: str
    ) -> None:
        """
        Args:
            instruction: under which questions stand that come without one.
        """
        self._systems = systems
        self._scorers = scorers
        self._config = config
        self._instruction = instruction
        self._written = config.max_new_tokens / _TOKENS_WRITTEN
        self._category = Category(CategoryConfig(words=_CATEGORY_WORDS, keep=False))
        self._priors: dict[tuple[str, ...], Pair[tuple[float, ...]]] = {}
        """Of choices, without any question; "yes, no, maybe" come again and again."""

    def work(self, item: Item) -> float:
        """What an item weighs in the progress bar."""
        if isinstance(item, CanaryItem):
            return 2.0 * _CANARY
        if isinstance(item, ChoiceQuestion):
            return 2.0 + (2 * self._written if self._is_answered(item) else 0.0)
        read = 2.0 if isinstance(item, DialogueItem) and "likelihood" in self._config.metrics else 0.0
        return read + (2 * self._written if self._is_answered(item) else 0.0)

    def _is_answered(self, item: Item) -> bool:
        match item:
            case DialogueItem(answered=answered):
                return answered and bool(self._scorers)
            case ChoiceQuestion():
                return "choices_text" in self._scorers
            case CanaryItem():
                return False
            case _:
                return "safety" in self._scorers

    def refuse_too_long(self, where: str, items: Sequence[Item]) -> None:
        """
        Args:
            where: the file of the items, or the set whose ids name theirs

        Raises:
            DataError: an item, with what may be written to it, does not fit into the model; named, before any is asked.
        """
        most = self._systems.positions
        for item in items:
            longest, of_these = max(self._lengths(item), default=(0, ""))
            if longest > most:
                raise DataError(
                    f"{where}: {item.id} comes to {longest:,} tokens{of_these}, and the model holds {most:,}"
                )

    def _lengths(self, item: Item) -> Iterator[tuple[int, str]]:
        """Tokens of all that the model will read or write of an item, and the settings that have a part in it."""
        shown = f" with evaluation.retrieved={self._config.retrieved}" if self._config.system == "rag" else ""
        if isinstance(item, ChoiceQuestion) and {"choices", "calibration"} & set(self._config.metrics):
            asked = choice_item(item, self._config.choices.form, self._systems.model.tokenizer)
            yield len(asked.context_ids) + max(map(len, asked.continuations)), ""
        if isinstance(item, DialogueItem) and "likelihood" in self._config.metrics:
            yield self._systems.longest_read(item.dialogue), shown
        if self._is_answered(item):
            written = f"{' and' if shown else ' with'} evaluation.max_new_tokens={self._config.max_new_tokens}"
            yield self._systems.longest_written(self._question(item)), shown + written

    def records(
        self, name: SetName, items: Sequence[Item], cluster: Mapping[str, int], bar: SetProgress
    ) -> list[Record]:
        """The record of each item.

        Args:
            cluster: of each item's id.
        """
        asked = [self._question(item) for item in items]
        scores = self._read(name, items, asked, bar)
        places = [place for place, item in enumerate(items) if self._is_answered(item)]
        written = self._systems.answers([asked[place] for place in places], lambda: bar.advance(self._written))
        answers = dict(zip(places, written, strict=True))
        for place, found in zip(
            places, self._scored([(items[place], answers[place]) for place in places]), strict=True
        ):
            scores[place] |= found
        return [
            self._record(
                name, item, self._prompt(item, asked[place]), cluster[item.id], answers.get(place), scores[place]
            )
            for place, item in enumerate(items)
        ]

    def _read(self, name: SetName, items: Sequence[Item], asked: Sequence[Dialogue], bar: SetProgress) -> list[Scores]:
        """Scores from the likelihood of given texts."""
        if name == "choices" and {"choices", "calibration"} & set(self._config.metrics):
            return self._choice_scores(cast("Sequence[ChoiceQuestion]", items), bar)
        if name == "canaries":
            return self._exposures(cast("Sequence[CanaryItem]", items), bar)
        if name == "dialogues" and "likelihood" in self._config.metrics:
            return [{"loss": _loss(pair)} for pair in self._systems.losses(asked, lambda: bar.advance(1))]
        return [{} for _ in items]

    def _prompt(self, item: Item, question: Dialogue) -> str:
        """What the base model reads."""
        if isinstance(item, ChoiceQuestion):
            return context_of(item, self._config.choices.form)
        return self._systems.model.prompt.text(prompt_messages(question))

    def _record(  # noqa: PLR0913, PLR0917  a line has that many parts
        self, name: SetName, item: Item, prompt: str, cluster: int, answer: Pair[Answer] | None, scores: Scores
    ) -> Record:
        category = ""
        if isinstance(item, DialogueItem):
            category = self._category.ranked(item.dialogue.input, item.dialogue.output)[0][0]
        return Record(
            set=name,
            id=item.id,
            item=digest_of(item),
            prompt=hashlib.sha256(prompt.encode()).hexdigest(),
            cluster=cluster,
            category=category,
            base=answer.base if answer else None,
            tuned=answer.tuned if answer else None,
            scores=scores,
        )

    def _question(self, item: Item) -> Dialogue:
        if isinstance(item, DialogueItem):
            return item.dialogue
        text = in_writing(item) if isinstance(item, ChoiceQuestion) else text_of(item)
        return Dialogue(self._instruction, text, "", item.id)

    def _scored(self, answered: Sequence[tuple[Item, Pair[Answer]]]) -> list[Scores]:
        """Every metric's scores of each pair of answers."""
        found: list[Scores] = [{} for _ in answered]
        for scorer in self._scorers.values():
            base = scorer([(item, pair.base) for item, pair in answered])
            tuned = scorer([(item, pair.tuned) for item, pair in answered])
            for place, (one, other) in enumerate(zip(base, tuned, strict=True)):
                found[place] |= _paired(one, other)
        return found

    def _choice_scores(self, questions: Sequence[ChoiceQuestion], bar: SetProgress) -> list[Scores]:
        form, tokenizer = self._config.choices.form, self._systems.model.tokenizer
        priors = self._unconditional(questions)
        asked = [choice_item(question, form, tokenizer) for question in questions]
        results = self._systems.choice_log_likelihoods(asked, lambda: bar.advance(1))
        return [
            _paired(
                choice_scores(question, form, item, pair.base, priors[question.choices].base),
                choice_scores(question, form, item, pair.tuned, priors[question.choices].tuned),
            )
            for question, item, pair in zip(questions, asked, results, strict=True)
        ]

    def _exposures(self, items: Sequence[CanaryItem], bar: SetProgress) -> list[Scores]:
        prompt = self._systems.model.prompt
        asked = [
            ChoiceItem(
                prompt.encode_prompt(prompt_messages(self._question(item))),
                tuple(prompt.encode_answer(answer_of(secret)) for secret in (item.canary.secret, *item.others)),
            )
            for item in items
        ]
        found = self._systems.choice_log_likelihoods(asked, lambda: bar.advance(_CANARY))
        return [_paired(_exposure(pair.base), _exposure(pair.tuned)) for pair in found]

    def _unconditional(self, questions: Sequence[ChoiceQuestion]) -> Mapping[tuple[str, ...], Pair[tuple[float, ...]]]:
        """What the choices cost without any question."""
        if len(self._priors) > _MOST_PRIORS:
            self._priors.clear()
        new = {question.choices: question for question in questions if question.choices not in self._priors}
        items = [
            unconditional_item(question, self._config.choices.form, self._systems.model.tokenizer)
            for question in new.values()
        ]
        self._priors |= dict(zip(new, self._systems.choice_log_likelihoods(items, lambda: None), strict=True))
        return self._priors


def _exposure(log_likelihoods: Sequence[float]) -> Scored:
    """Of a canary's own answer, which comes first, among the others."""
    own, *others = (-value for value in log_likelihoods)
    found = exposure(own, others, SPACE)
    return {"canary_exposure": found.by_rank, "canary_exposure_fitted": found.extrapolated}


def _loss(pair: Pair[Loss]) -> Score:
    return Score(
        base=pair.base.nats / pair.base.targets,
        tuned=pair.tuned.nats / pair.tuned.targets,
        weight=float(pair.base.targets),
    )


def _paired(base: Scored, tuned: Scored) -> Scores:
    assert base.keys() == tuned.keys(), "whether a score applies is a matter of the item, not of the answer"
    return {name: Score(base=base[name], tuned=tuned[name], weight=1.0) for name in base}


def clusters_of(items: Sequence[Item]) -> dict[str, int]:
    """The cluster of each item's id."""
    return dict(zip((item.id for item in items), clusters([text_of(item) for item in items]), strict=True))
