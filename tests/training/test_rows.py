"""What a model can't hold is refused before the first step."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from transformers import LlamaConfig

from medgenius.data.prompt import Prompt
from medgenius.errors import ModelError
from medgenius.model.backbone import load_tokenizer
from medgenius.reading.records import BadRow
from medgenius.runs import Run
from medgenius.training.rows import TrainingData, read_data, refuse_what_does_not_fit, tell_data
from tests.support import cache_dir, composed


@pytest.fixture(scope="module")
def data() -> TrainingData:
    config = composed("model=tiny", "data.max_rows=10", "data.cache_tokens=false")
    return read_data(config, Prompt(config.prompt, load_tokenizer(config.model, cache_dir())))


def test_dialogues_longer_than_the_models_positions_are_refused(data: TrainingData) -> None:
    longest = max(len(example) for example in [*data.train.examples, *data.validation.examples])
    refuse_what_does_not_fit(data, 259, LlamaConfig(vocab_size=259, max_position_embeddings=longest))

    short = LlamaConfig(vocab_size=259, max_position_embeddings=longest - 1)
    with pytest.raises(ModelError, match=rf"set data\.max_length={longest - 1}$"):
        refuse_what_does_not_fit(data, 259, short)


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused(data: TrainingData) -> None:
    with pytest.raises(ModelError, match="the tokenizer has 260 tokens, and the model 259"):
        refuse_what_does_not_fit(data, 260, LlamaConfig(vocab_size=259, max_position_embeddings=9999))


def test_a_dialogue_that_was_left_out_is_no_sample_question(tmp_path: Path) -> None:
    """It would be refused again when it is asked: behind the last step."""
    file = tmp_path / "d.jsonl"
    rows = [{"input": f"Question {i}{' <s>' * (i % 2)}", "output": "Rest."} for i in range(40)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = ("data.on_bad_row=skip", "tracking.log_samples=true", "tracking.samples=3")
    config = composed("model=tiny", "data=jsonl", f"data.path={file}", "data.cache_tokens=false", *settings)
    prompt = Prompt(config.prompt, load_tokenizer(config.model, cache_dir()))

    found = read_data(config, prompt)

    assert found.validation.refused
    assert len(found.questions) == min(3, len(found.validation.examples))
    assert not any("<s>" in dialogue.input for dialogue in found.questions)


@pytest.mark.parametrize("name", ["run[v2]", "[bold]", "[/]"])
def test_the_place_of_skipped_rows_is_printed_as_it_is(name: str, data: TrainingData, tmp_path: Path) -> None:
    out, run = io.StringIO(), Run(tmp_path / name, name)
    run.path.mkdir(parents=True)

    tell_data(replace(data, skipped=[BadRow("f:1", "empty_text", "is empty")]), run, Console(file=out, width=40))

    assert f"1 rows skipped, named in {run.skipped_rows}\n" in out.getvalue()
    assert run.skipped_rows.exists()
