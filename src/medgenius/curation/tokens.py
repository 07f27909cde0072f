"""Lengths as the model sees them: tokens of its own tokenizer, or words where there is none, and then called so."""

from collections.abc import Callable, Sequence
from pathlib import Path

from medgenius.errors import ConfigError

TokenCounter = Callable[[Sequence[str]], list[int]]
"""The number of tokens of each text."""


def tokenizer_file(setting: str | None) -> Path | None:
    """The file that `curation.report.tokenizer` means; None where the setting is null or nothing matches its `*`.

    Raises:
        ConfigError: a name without `*` that is not there.
    """
    if setting is None:
        return None
    path = Path(setting).expanduser()
    found = sorted(path.parent.glob(path.name)) if "*" in path.name else [path]
    files = [one / "tokenizer.json" if one.is_dir() else one for one in found]
    there = [file for file in files if file.is_file()]
    if not there and "*" not in path.name:
        raise ConfigError(f"curation.report.tokenizer={setting}: is neither a tokenizer.json nor a folder with one")
    return there[-1] if there else None


def token_counter(file: str | None) -> TokenCounter:
    """Count with a tokenizer's file, or words where there is none."""
    if file is None:
        return lambda texts: [len(text.split()) for text in texts]
    from tokenizers import Tokenizer  # noqa: PLC0415  only workers that count need it

    tokenizer = Tokenizer.from_file(file)
    return lambda texts: [len(one.ids) for one in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
