"""A byte-level BPE tokenizer as GGUF describes it, so that llama.cpp cuts text into the same tokens."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gguf import GGUFWriter, TokenType

from medgenius.errors import ModelError
from medgenius.model import pre_tokenizer
from medgenius.model.pre_tokenizer import JsonObject
from medgenius.publishing.merge import special_ids

_NO_MERGE: Final = "<s> </s>"
"""llama.cpp wants at least one merge. This one never happens: text is merged from single characters."""


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
    name = pre_tokenizer.name_of(found)
    # llama.cpp takes a whole word of the vocabulary without merging for this one, and for this one alone.
    if name is None or ignore_merges != (name == "llama-bpe"):
        raise ModelError(
            f"publish.formats: gguf: this tokenizer splits text in a way ({pre_tokenizer.types_of(found)}) that is not "
            "known to be llama.cpp's: leave gguf out"
        )
    return name
