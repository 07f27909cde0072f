"""The key that was probably meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgenius.config import TrainConfig
from medgenius.config.suggest import did_you_mean, keys

KEYS = sorted({key for key, _ in keys(TrainConfig)})


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("lora.rank", "lora.r"),
        ("rank", "lora.r"),
        ("lora.lora_alpha", "lora.alpha"),
        ("optimizer.lr", "optimizer.learning_rate"),
        ("lr", "optimizer.learning_rate"),
        ("trainer.max_epochs", "trainer.epochs"),
        ("trainer.max_grad_norm", "trainer.gradient_clip_val"),
        ("data.max_seq_length", "data.max_length"),
        ("model.model_name_or_path", "model.repository"),
        ("wandb", "tracking"),
        ("random_seed", "seed"),
    ],
)
def test_the_names_of_other_tools_lead_to_ours(wanted: str, meant: str) -> None:
    assert did_you_mean(wanted, TrainConfig) == meant


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("lora.aplha", "lora.alpha"),
        ("lora.droput", "lora.dropout"),
        ("trainer.batchsize", "trainer.batch_size"),
        ("optimizer.learningrate", "optimizer.learning_rate"),
        ("sede", "seed"),
    ],
)
def test_a_typo_leads_to_the_key(wanted: str, meant: str) -> None:
    assert did_you_mean(wanted, TrainConfig) == meant


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("lora.batch_size", "trainer.batch_size"),
        ("trainer.learning_rate", "optimizer.learning_rate"),
        ("batch_size", "trainer.batch_size"),
        ("data.columns.max_length", "data.max_length"),
    ],
)
def test_a_right_name_in_a_wrong_group_leads_to_the_right_group(wanted: str, meant: str) -> None:
    assert did_you_mean(wanted, TrainConfig) == meant


def test_of_two_equal_names_the_one_in_the_wanted_group_is_meant() -> None:
    assert did_you_mean("model.path", TrainConfig) == "model.repository"
    assert did_you_mean("data.repo", TrainConfig) == "data.name"


@pytest.mark.parametrize("wanted", ["zzzzqqqq", "lora.zzzzqqqq", "", ".", "...", "42"])
def test_nonsense_leads_nowhere(wanted: str) -> None:
    assert did_you_mean(wanted, TrainConfig) is None


@given(st.sampled_from(KEYS), st.data())
def test_a_key_with_one_character_lost_leads_to_an_existing_key_or_nowhere(key: str, data: st.DataObject) -> None:
    lost = data.draw(st.integers(0, len(key) - 1))

    assert did_you_mean(key[:lost] + key[lost + 1 :], TrainConfig) in {*KEYS, None}


@given(st.text())
def test_no_text_whatever_is_too_much(wanted: str) -> None:
    assert did_you_mean(wanted, TrainConfig) in {*KEYS, None}


@pytest.mark.parametrize("key", KEYS)
def test_every_key_leads_to_itself(key: str) -> None:
    assert did_you_mean(key, TrainConfig) == key
