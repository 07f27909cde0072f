"""Tokens to text, a token at a time."""

from collections.abc import Sequence
from typing import cast

from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

_UNFINISHED = "\ufffd"
"""What bytes decode to that are no whole character yet."""


class Detokenizer:
    """Of one answer. Joined, its pieces are the text of all tokens decoded at once, control tokens left out."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = rust_tokenizer(tokenizer)
        self._ids: list[int] = []
        self._from = 0
        """The tokens before are decoded for good. Those since `_from` are decoded together, since how a token reads
        may depend on the one before."""
        self._read = 0

    def add(self, token_id: int) -> str:
        """What may be shown with this token; nothing while a character is unfinished."""
        self._ids.append(token_id)
        before, text = self._decode(self._ids[self._from : self._read]), self._decode(self._ids[self._from :])
        if len(text) <= len(before) or text.endswith(_UNFINISHED):
            return ""
        self._from, self._read = self._read, len(self._ids)
        return text[len(before) :]

    def finish(self) -> str:
        """What is left: the start of a character that never ended."""
        before, text = self._decode(self._ids[self._from : self._read]), self._decode(self._ids[self._from :])
        self._from = self._read = len(self._ids)
        return text[len(before) :]

    def _decode(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=True))


def rust_tokenizer(tokenizer: PreTrainedTokenizerBase) -> Tokenizer:
    """The tokenizer proper, a hundred times faster than what transformers wraps around it."""
    return cast("PreTrainedTokenizerFast", tokenizer).backend_tokenizer
