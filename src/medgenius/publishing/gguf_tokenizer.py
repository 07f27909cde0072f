"""A byte-level BPE tokenizer as GGUF describes it, so that llama.cpp cuts text into the same tokens."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gguf import GGUFWriter, TokenType

from medgenius.errors import ModelError
from medgenius.publishing.merge import special_ids

_LLAMA_3: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""Where Meta's LLaMA 3 splits text."""
_NO_MERGE: Final = "<s> </s>"
"""llama.cpp wants at least one merge. This one never happens: text is merged from single characters."""

JsonObject = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    pre: str
    """llama.cpp's name for the way text is split before the merges."""
    tokens: list[str]
    types: list[TokenType]
    merges: list[str]

    def write(self, writer: GGUFWriter, tokenizer: Path) -> None:
        """Everything under `tokenizer.`; the prompt's own BOS is in the chat template, so none is added to it."""
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(self.pre)
        writer.add_token_list(self.tokens)
        writer.add_token_types(self.types)
        writer.add_token_merges(self.merges or [_NO_MERGE])
        ids = special_ids(tokenizer)
        for add, key in (
            (writer.add_bos_token_id, "bos_token_id"),
            (writer.add_eos_token_id, "eos_token_id"),
            (writer.add_pad_token_id, "pad_token_id"),
        ):
            if (number := ids[key]) is not None:
                add(number)
        writer.add_add_bos_token(False)
        writer.add_add_eos_token(False)
        writer.add_add_space_prefix(False)
        writer.add_chat_template((tokenizer / "chat_template.jinja").read_text(encoding="utf-8"))


def read_vocabulary(tokenizer: Path, size: int) -> Vocabulary:
    """
    Args:
        size: rows of the embedding; what the tokenizer has no token for is filled up

    Raises:
        ModelError: llama.cpp has no equal of this tokenizer.
    """
    whole = json.loads((tokenizer / "tokenizer.json").read_bytes())
    model = whole["model"]
    if model["type"] != "BPE" or model.get("byte_fallback") or whole["normalizer"] is not None:
        raise ModelError(f"publish.formats: gguf: the tokenizer is no byte-level BPE ({model['type']}); leave gguf out")
    pre = _pre_tokenizer(whole["pre_tokenizer"], bool(model.get("ignore_merges")))
    tokens = [f"[PAD{number}]" for number in range(size)]
    types = [TokenType.UNUSED] * size
    for text, number in model["vocab"].items():
        tokens[number], types[number] = text, TokenType.NORMAL
    for added in whole["added_tokens"]:
        tokens[added["id"]] = added["content"]
        types[added["id"]] = TokenType.CONTROL if added["special"] else TokenType.USER_DEFINED
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    return Vocabulary(pre, tokens, types, merges)


def _pre_tokenizer(found: JsonObject | None, ignore_merges: bool) -> str:
    """llama.cpp's name, from what the pre-tokenizer does and not from what it is called."""
    parts = _parts(found)
    byte_level = {"type": "ByteLevel", "add_prefix_space": False}
    digits = {"type": "Digits", "individual_digits": True}
    llama_3 = {"type": "Split", "pattern": {"Regex": _LLAMA_3}, "behavior": "Isolated", "invert": False}
    known: dict[str, tuple[list[JsonObject], bool]] = {
        "gpt-2": ([{**byte_level, "use_regex": True}], False),
        "smollm": ([digits, {**byte_level, "use_regex": True}], False),
        "llama-bpe": ([llama_3, {**byte_level, "use_regex": False}], True),
    }
    for name, wanted in known.items():
        if (parts, ignore_merges) == wanted:
            return name
    types = ", ".join(str(part["type"]) for part in parts) or "none"
    raise ModelError(
        f"publish.formats: gguf: this tokenizer splits text in a way ({types}) that is not known to be llama.cpp's: "
        "leave gguf out"
    )


def _parts(found: JsonObject | None) -> list[JsonObject]:
    """One after the other; without `trim_offsets`, which changes no token."""
    if found is None:
        return []
    parts = found["pretokenizers"] if found["type"] == "Sequence" else [found]
    assert isinstance(parts, Sequence)
    return [{key: value for key, value in part.items() if key != "trim_offsets"} for part in parts]
