"""Canaries depend on the seed alone, read as their form says, and reach training when they are asked for."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from medgenius.config.data import SampleData
from medgenius.data.canaries import MOST, SPACE, Canary, canaries, other_secrets, planted_dialogues
from medgenius.data.prompt import Prompt
from medgenius.model.backbone import load_tokenizer
from medgenius.runs import Run
from medgenius.training.rows import read_data, tell_data
from tests.support import cache_dir, composed


def test_they_depend_on_the_seed_alone_and_more_only_add() -> None:
    ten = canaries(10, seed=1)

    assert canaries(200, seed=1)[:10] == ten
    assert canaries(10, seed=2) != ten
    assert len({canary.input for canary in canaries(2000, seed=0)}) == 2000


def test_they_read_as_their_form_says() -> None:
    assert Canary("", 4_827_195).output == "The record number is 004 827 195."
    (canary,) = canaries(1, seed=0)
    assert canary.input.startswith("What is the record number of patient ")
    assert 0 <= canary.secret < SPACE


def test_more_than_there_are_questions_are_refused_by_the_code_and_by_the_config() -> None:
    with pytest.raises(ValueError, match="there are 0 to 60,840 canaries"):
        canaries(MOST + 1, seed=0)
    metadata = SampleData.model_fields["canaries"].metadata
    assert MOST in {limit.le for limit in metadata if hasattr(limit, "le")}


def test_what_a_canary_is_ranked_among_was_never_planted() -> None:
    planted = canaries(5, seed=0)
    others = other_secrets(planted[2], 1000, planted, seed=0)

    assert len(set(others)) == 1000
    assert not {canary.secret for canary in planted} & set(others)
    assert other_secrets(planted[2], 1000, planted, seed=0) == others


def test_they_are_trained_on_and_not_validated_with(tmp_path: Path) -> None:
    line = ("model=tiny", "data.max_rows=30", "data.cache_tokens=false")
    config = composed(*line, "data.canaries=7")
    prompt = Prompt(config.prompt, load_tokenizer(config.model, cache_dir()))
    said = io.StringIO()

    with_canaries = read_data(config, prompt)
    tell_data(with_canaries, Run(tmp_path, "with"), Console(file=said, width=200))
    without = read_data(composed(*line), prompt)

    planted = planted_dialogues(7, config.seed, config.data.default_instruction)
    expected = [prompt.example(dialogue, config.data.max_length) for dialogue in planted]
    assert with_canaries.train.examples == [*without.train.examples, *expected]
    assert with_canaries.validation == without.validation
    assert "7 of them canaries" in said.getvalue()
