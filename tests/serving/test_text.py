"""Tokens to text one at a time gives the text of all of them."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerBase

from medgenius.config.app import composed
from medgenius.config.train import TrainConfig
from medgenius.model.backbone import load_tokenizer
from medgenius.serving.text import Detokenizer
from tests.support import cache_dir

TEXTS = st.lists(st.sampled_from(["Fever", " 38.5 °C", "\n\n", "naïve ", "头痛", "👩🏽‍⚕️", "e\u0301", " "]), max_size=8)


@cache
def tokenizer_of(model: str) -> PreTrainedTokenizerBase:
    return load_tokenizer(composed(TrainConfig, f"model={model}").model, cache_dir())


@pytest.mark.parametrize("model", ["tiny", "smollm2_135m"])
@given(parts=TEXTS, cut=st.integers(0, 3))
def test_pieces_join_to_the_whole(model: str, parts: list[str], cut: int) -> None:
    tokenizer = tokenizer_of(model)
    ids = tokenizer.encode("".join(parts), add_special_tokens=False)
    ids = ids[: max(0, len(ids) - cut)]  # a character may stay unfinished
    text = Detokenizer(tokenizer)
    pieces = [text.add(token) for token in ids]
    shown = "".join(pieces)

    assert "\ufffd" not in shown
    assert shown + text.finish() == tokenizer.decode(ids, skip_special_tokens=True)
