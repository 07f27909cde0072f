"""ROUGE against rouge-score, BLEU and chrF against the formulas of their papers and torchmetrics' own code."""

import json
import math
import random
import sys
from collections import Counter
from importlib.resources import files

import pytest
from absl import logging as absl_logging
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer
from torch import Tensor
from torchmetrics.functional.text import chrf_score, sacre_bleu_score

from medgenius.evaluation.metrics.overlap import Rouge, bleu, chrf, rouge

# absl, which rouge-score brings, closes its stream whenever handlers are set up anew: not pytest's.
absl_logging.get_absl_handler().python_handler.stream = sys.__stderr__

SCORER = RougeScorer(["rouge1", "rouge2", "rougeL"])
FEW_WORDS = st.lists(st.sampled_from(["pain", "chest", "the", "see", "a", "doctor", "38.5", "It's"]), max_size=14)


def sample_pairs(count: int) -> list[tuple[str, str]]:
    """Answers of the sample, each held against a shuffled mix of itself and another."""
    lines = (files("medgenius") / "data" / "sample" / "dialogues.jsonl").read_text(encoding="utf-8").splitlines()
    answers = [str(json.loads(line)["output"]) for line in lines]
    draw = random.Random(0)
    pairs = []
    for one, other in zip(answers[:count], answers[count : 2 * count], strict=True):
        mixed = one.split(". ") + other.split(". ")[:3]
        draw.shuffle(mixed)
        pairs.append((". ".join(mixed), one))
    return pairs


def of_rouge_score(answer: str, reference: str) -> Rouge:
    found = SCORER.score(reference, answer)
    return Rouge(found["rouge1"].fmeasure, found["rouge2"].fmeasure, found["rougeL"].fmeasure)


@pytest.mark.parametrize("pair", sample_pairs(12))
def test_rouge_of_real_answers_is_that_of_rouge_score_to_the_last_digit(pair: tuple[str, str]) -> None:
    assert rouge(*pair) == of_rouge_score(*pair)


@given(answer=FEW_WORDS, reference=FEW_WORDS)
def test_rouge_of_repeats_is_that_of_rouge_score_to_the_last_digit(answer: list[str], reference: list[str]) -> None:
    assert rouge(" ".join(answer), " ".join(reference)) == of_rouge_score(" ".join(answer), " ".join(reference))


@given(st.text(), st.text())
def test_rouge_of_any_text_is_that_of_rouge_score(answer: str, reference: str) -> None:
    assert rouge(answer, reference) == of_rouge_score(answer, reference)


def plain_bleu(answer: str, reference: str) -> float:
    """Sentence BLEU with effective order and exponential smoothing, of texts whose tokens are their words."""
    said, meant = answer.split(), reference.split()
    logarithms: list[float] = []
    halved = 1.0
    for n in range(1, 5):
        ours = Counter(tuple(said[i : i + n]) for i in range(len(said) - n + 1))
        theirs = Counter(tuple(meant[i : i + n]) for i in range(len(meant) - n + 1))
        if not ours:
            break
        if matched := (ours & theirs).total():
            logarithms.append(math.log(matched / ours.total()))
        elif n == 1:
            return 0.0
        else:
            halved *= 2
            logarithms.append(math.log(1 / (halved * ours.total())))
    brevity = min(0.0, 1 - len(meant) / len(said))
    return 100 * math.exp(brevity + sum(logarithms) / len(logarithms))


@given(
    answer=st.lists(st.sampled_from(["rest", "water", "ice", "doctor", "fever", "pain"]), min_size=1, max_size=12),
    reference=st.lists(st.sampled_from(["rest", "water", "ice", "doctor", "fever", "pain"]), min_size=1, max_size=12),
)
def test_bleu_is_that_of_its_formula(answer: list[str], reference: list[str]) -> None:
    assert bleu(" ".join(answer), " ".join(reference)) == pytest.approx(
        plain_bleu(" ".join(answer), " ".join(reference)), rel=1e-9
    )


@pytest.mark.parametrize("pair", sample_pairs(4))
def test_bleu_and_chrf_are_those_of_torchmetrics(pair: tuple[str, str]) -> None:
    # Torchmetrics takes out spaces before it counts characters, sacrebleu line breaks as well.
    answer, reference = (" ".join(text.split()) for text in pair)

    # With a match in every order there is nothing to smooth, and both rules of smoothing agree.
    assert bleu(answer, reference) == pytest.approx(100 * float(sacre_bleu_score([answer], [[reference]])), rel=1e-5)
    theirs = chrf_score([answer], [[reference]], n_char_order=6, n_word_order=0, beta=2.0)
    assert isinstance(theirs, Tensor)
    assert chrf(answer, reference) == pytest.approx(100 * float(theirs), rel=1e-5)


def test_the_ends_of_the_scales() -> None:
    text = "Rest, drink water and see your doctor tomorrow."

    assert rouge(text, text) == Rouge(1.0, 1.0, 1.0)
    assert rouge("", text) == Rouge(0.0, 0.0, 0.0)
    assert bleu(text, text) == pytest.approx(100)
    assert chrf(text, text) == pytest.approx(100)
    assert bleu("", text) == 0
    assert chrf("", text) == 0
