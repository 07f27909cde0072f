"""The measure of a merge, against its definition."""

from pathlib import Path

import pytest
import torch

from medgenius.config.publish import Limits
from medgenius.data.prompt import Example
from medgenius.inference.tuned import TunedModel, load_tuned
from medgenius.model.adapter import backbone_of
from medgenius.publishing.fidelity import load_plain, measure
from medgenius.publishing.findings import Fidelity
from medgenius.runs import Run
from tests.support import random_examples

EXAMPLES = random_examples((20, 90), (15, 7))


@pytest.fixture(scope="module")
def tuned(evaluated_run: Run) -> TunedModel:
    return load_tuned(evaluated_run)


def test_it_is_the_mean_over_the_targets(tuned: TunedModel, published: tuple[Path, str]) -> None:
    found = measure(tuned, published[0], EXAMPLES)

    other = load_plain(published[0], tuned.model.dtype, tuned.model.device)
    kl: list[float] = []
    same: list[bool] = []
    for example in EXAMPLES:
        for end in range(len(example.answer_ids)):  # one target at a time, as the definition reads
            ids = torch.tensor([example.prompt_ids + example.answer_ids[:end]])
            with torch.no_grad():
                p = backbone_of(tuned.model)(ids, attention_mask=torch.ones_like(ids)).logits[0, -1].float()
                q = other(ids).logits[0, -1].float()
            p, q = p.log_softmax(-1), q.log_softmax(-1)
            kl.append(float(torch.nn.functional.kl_div(q, p, log_target=True, reduction="sum")))
            same.append(bool(p.argmax() == q.argmax()))
    assert (found.positions, found.dialogues) == (97, 2)
    assert found.kl == pytest.approx(sum(kl) / 97, rel=0.05)  # bf16
    assert found.agreement == pytest.approx(sum(same) / 97, abs=0.04)
    assert found.kl > 0


def test_a_threshold_that_is_passed_is_named_with_both_figures() -> None:
    limits = Limits(max_kl=0.1, min_agreement=0.9)
    assert Fidelity(0.1, 0.9, 10, 1).problem(limits) is None
    assert "mean KL 0.2000 nats (at most 0.1)" in str(Fidelity(0.2, 1.0, 10, 1).problem(limits))
    assert "in 80.0% of 10 positions (at least 90.0%)" in str(Fidelity(0.0, 0.8, 10, 1).problem(limits))
    assert Fidelity(float("nan"), 1.0, 10, 1).problem(limits) is not None


def test_a_cut_answer_has_its_targets_too(tuned: TunedModel, published: tuple[Path, str]) -> None:
    one = Example(EXAMPLES[0].prompt_ids, EXAMPLES[0].answer_ids[:1], truncated=True)
    assert measure(tuned, published[0], [one]).positions == 1
