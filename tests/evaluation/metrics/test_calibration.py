"""Calibration against torchmetrics, the Brier score against scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.metrics import brier_score_loss
from torchmetrics.functional.classification import binary_calibration_error

from medgenius.evaluation.metrics.calibration import brier, ece, reliability, softmax


@pytest.mark.parametrize("bins", [1, 10, 15])
def test_the_expected_calibration_error_is_that_of_torchmetrics(bins: int) -> None:
    generator = np.random.default_rng(bins)
    sure = generator.uniform(0, 1, 700)
    correct = generator.uniform(0, 1, 700) < sure**2

    theirs = binary_calibration_error(torch.from_numpy(sure), torch.from_numpy(correct).long(), n_bins=bins)

    assert ece(sure.tolist(), correct.tolist(), bins) == pytest.approx(float(theirs), rel=1e-6)


def test_every_item_has_a_bin_also_at_the_edges() -> None:
    parts = reliability([0.0, 0.5, 1.0, 1.0], [False, True, True, False], bins=2)

    assert [(part.count, part.confidence, part.accuracy) for part in parts] == [(1, 0.0, 0.0), (3, 2.5 / 3, 2 / 3)]
    assert ece([1.0, 1.0], [True, True]) == 0
    assert ece([1.0, 1.0], [False, False]) == 1


def test_the_brier_score_is_that_of_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.ones(4), 50)
    answers = generator.integers(0, 4, 50)

    ours = np.mean([brier(row.tolist(), int(answer)) for row, answer in zip(probabilities, answers, strict=True)])

    assert ours == pytest.approx(
        brier_score_loss(answers, probabilities, labels=[0, 1, 2, 3], scale_by_half=False), rel=1e-12
    )


def test_softmax_is_that_of_torch_and_does_not_overflow() -> None:
    scores = [-1200.0, -1201.5, -1199.0]

    assert softmax(scores) == pytest.approx(torch.tensor(scores, dtype=torch.float64).softmax(0).tolist(), rel=1e-12)


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(ValueError, match="outside of 0 to 1"):
        ece([1.2], [True])
    with pytest.raises(ValueError, match="1 confidences and 2 answers"):
        ece([1.0], [True, False])
