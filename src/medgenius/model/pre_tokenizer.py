"""Where a byte-level BPE splits text before its merges, under the names that llama.cpp gives the ways to do it."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from tokenizers import Regex
from tokenizers.pre_tokenizers import ByteLevel, Digits, PreTokenizer, Split
from tokenizers.pre_tokenizers import Sequence as InTurn

_LLAMA_3: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""Where Meta's LLaMA 3 splits text."""

PRE_TOKENIZERS: Final[Mapping[str, PreTokenizer]] = {
    "gpt-2": ByteLevel(add_prefix_space=False),
    "smollm": InTurn([Digits(individual_digits=True), ByteLevel(add_prefix_space=False)]),
    "llama-bpe": InTurn([Split(Regex(_LLAMA_3), "isolated"), ByteLevel(add_prefix_space=False, use_regex=False)]),
}
"""`tokenizer.ggml.pre` of a GGUF file, and the same of the tokenizers library."""

JsonObject = Mapping[str, object]


def name_of(found: JsonObject | None) -> str | None:
    """llama.cpp's name, from what the pre-tokenizer of a tokenizer.json does and not from what it is called there."""
    steps = _steps(found)
    return next(
        (name for name, known in PRE_TOKENIZERS.items() if _steps(json.loads(known.__getstate__())) == steps), None
    )


def types_of(found: JsonObject | None) -> str:
    """For a message."""
    return ", ".join(str(step["type"]) for step in _steps(found)) or "none"


def _steps(found: JsonObject | None) -> list[JsonObject]:
    """One after the other; without `trim_offsets`, which changes no token."""
    if found is None:
        return []
    steps = found["pretokenizers"] if found["type"] == "Sequence" else [found]
    assert isinstance(steps, Sequence)
    return [{key: value for key, value in step.items() if key != "trim_offsets"} for step in steps]
