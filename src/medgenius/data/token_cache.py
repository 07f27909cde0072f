"""Token ids of texts, kept between runs.

What is kept follows from the tokenizer and the texts alone, so an entry may be missing, but it can't be out of date.
Token ids can be turned back into text: the folder and its files are for their owner only.
"""

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from pathlib import Path

import numpy
import tokenizers
import transformers
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from medgenius.errors import RunError
from medgenius.files import new_file

_KEPT = 32
"""Entries that stay, the last used ones; a run uses two."""


@dataclass(slots=True)
class TokenCache:
    """A folder of token ids, one file for each list of texts. Where it can't be written, nothing is kept."""

    folder: Path
    _writable: bool = field(default=True, init=False)

    def token_ids(self, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[list[int]]:
        """As `token_ids`, from the folder where they lie there unharmed."""
        if not isinstance(tokenizer, PreTrainedTokenizerFast):  # the others cannot be told apart by their contents
            return token_ids(tokenizer, texts)
        file = self.folder / f"{_key(tokenizer, texts)}.safetensors"
        if os.path.exists(file):  # noqa: PTH110  pathlib's own raises in a folder of another user
            try:
                return _read(file)
            except (OSError, ValueError, KeyError, SafetensorError):
                print(f"{file} is damaged: tokenizing anew", flush=True)
        found = token_ids(tokenizer, texts)
        if self._writable:
            try:
                self._write(file, found)
            except (OSError, RunError) as error:
                self._writable = False
                print(f"tokens are not kept for the next run: {error}", flush=True)
        return found

    def _write(self, file: Path, ids: list[list[int]]) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        flat = numpy.fromiter((token for text in ids for token in text), numpy.int32)
        lengths = numpy.fromiter(map(len, ids), numpy.int32)
        with new_file(file) as stream:
            os.fchmod(stream.fileno(), 0o600)
            stream.write(save({"ids": flat, "lengths": lengths}, {"sha256": _digest(flat, lengths)}))
        for old in sorted(self.folder.glob("*.safetensors"), key=_last_used, reverse=True)[_KEPT:]:
            old.unlink(missing_ok=True)


def token_ids(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of each text, no control token added; a fast tokenizer uses all cores."""
    if not texts:
        return []
    ids: list[list[int]] = tokenizer(list(texts), add_special_tokens=False, return_attention_mask=False)["input_ids"]
    return ids


def _read(file: Path) -> list[list[int]]:
    """
    Raises:
        OSError, ValueError, KeyError, SafetensorError: the file is not as it was written.
    """
    with safe_open(file, framework="numpy") as stored:
        flat, lengths, metadata = stored.get_tensor("ids"), stored.get_tensor("lengths"), stored.metadata()
    if metadata["sha256"] != _digest(flat, lengths):
        raise ValueError("the checksum differs")
    with suppress(OSError):  # a cache that can be read alone
        os.utime(file)
    ids = flat.tolist()
    return [ids[start:end] for start, end in pairwise(accumulate(lengths.tolist(), initial=0))]


def _key(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> str:
    """Of everything that the ids follow from."""
    digest = hashlib.sha256()
    for part in (transformers.__version__, tokenizers.__version__, tokenizer.backend_tokenizer.to_str(), *texts):
        data = part.encode()
        digest.update(len(data).to_bytes(8, "little"))  # so that no two lists of texts run together to the same bytes
        digest.update(data)
    return digest.hexdigest()


def _digest(flat: NDArray[numpy.int32], lengths: NDArray[numpy.int32]) -> str:
    return hashlib.sha256(flat.tobytes() + lengths.tobytes()).hexdigest()


def _last_used(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:  # another run removed it
        return 0.0
