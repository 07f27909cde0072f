"""Multiple choice by log-likelihood, as EleutherAI's lm-evaluation-harness asks it, so that numbers can be compared.

The context reads as in its tasks for PubMedQA (text) and MedMCQA (letters), a continuation begins with the space behind
"Answer:", and both are tokenised in one piece which is then cut where the context ends.
"""

from collections.abc import Mapping
from string import ascii_uppercase
from typing import Final, Literal

from transformers import PreTrainedTokenizerBase

from medgenius.evaluation.items import ChoiceQuestion, text_of
from medgenius.evaluation.metrics.calibration import brier, softmax
from medgenius.evaluation.metrics.choices import Likelihoods, Rule
from medgenius.inference.likelihood import ChoiceItem

Form = Literal["text", "letters"]

_RULES: Final[Mapping[str, Rule]] = {
    "choices_accuracy": "raw",
    "choices_accuracy_normalised": "per_character",
    "choices_accuracy_unconditional": "unconditional",
}


def context_of(question: ChoiceQuestion, form: Form) -> str:
    """What stands before the answer."""
    abstract = f"Abstract: {question.context}\n" if question.context else ""
    listed = f"Choices:\n{listing(question)}" if form == "letters" else ""
    return f"{abstract}Question: {question.question}\n{listed}Answer:"


def in_writing(question: ChoiceQuestion) -> str:
    """The same as a person would ask it: context, question, and the choices with their letters."""
    return f"{text_of(question)}\n{listing(question)}"


def listing(question: ChoiceQuestion) -> str:
    """The choices with their letters, a line each."""
    return "".join(f"{letter}. {choice}\n" for letter, choice in zip(ascii_uppercase, question.choices, strict=False))


def _words(question: ChoiceQuestion, form: Form) -> tuple[str, ...]:
    return tuple(ascii_uppercase[: len(question.choices)]) if form == "letters" else question.choices


def choice_item(question: ChoiceQuestion, form: Form, tokenizer: PreTrainedTokenizerBase) -> ChoiceItem:
    """The tokens of a question; with special tokens as the tokenizer itself puts them."""
    context = context_of(question, form)
    before = _ids(tokenizer, context)
    whole = [_ids(tokenizer, f"{context} {word}") for word in _words(question, form)]
    return ChoiceItem(before, tuple(ids[len(before) :] for ids in whole))


def unconditional_item(question: ChoiceQuestion, form: Form, tokenizer: PreTrainedTokenizerBase) -> ChoiceItem:
    """The same continuations behind nothing but the token that begins a text."""
    begin = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    plain = (tokenizer(f" {word}", add_special_tokens=False)["input_ids"] for word in _words(question, form))
    return ChoiceItem([int(begin)], tuple(list(ids) for ids in plain))


def _ids(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    return list(tokenizer(text)["input_ids"])


def choice_scores(
    question: ChoiceQuestion,
    form: Form,
    item: ChoiceItem,
    log_likelihoods: tuple[float, ...],
    unconditional: tuple[float, ...],
) -> dict[str, float]:
    """What the log-likelihoods of one system, in nats, come to."""
    found = Likelihoods(
        choices=_words(question, form),
        log_likelihoods=log_likelihoods,
        tokens=tuple(len(ids) for ids in item.continuations),
        unconditional=unconditional,
    )
    probabilities = softmax(log_likelihoods)
    scores = {name: float(found.pick(rule) == question.answer) for name, rule in _RULES.items()}
    return scores | {"choices_confidence": max(probabilities), "choices_brier": brier(probabilities, question.answer)}
