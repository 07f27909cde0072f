"""How the tiny run is spoken to."""

from pathlib import Path

import pytest

from medgenius.data.prompt import Prompt
from medgenius.model.backbone import load_tokenizer
from medgenius.runs import Run, read_config
from medgenius.serving.models import Speaker


@pytest.fixture(scope="session")
def speaker(tiny_run: Run) -> Speaker:
    config = read_config(tiny_run)
    tokenizer = load_tokenizer(config.model, Path(config.run.cache_dir).expanduser())
    return Speaker(Prompt(config.prompt, tokenizer), config.data.default_instruction)
