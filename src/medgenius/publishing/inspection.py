"""What may leave: only files of known kinds, and no secret in any that holds text."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from medgenius.errors import PublishError

_WEIGHTS: Final = {".safetensors", ".gguf"}
_TEXTS: Final = {
    "README.md",
    "Modelfile",
    "adapter_config.json",
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    "model.safetensors.index.json",
    "publish.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
}
_VOCABULARY: Final = {"tokenizer.json"}
"""Thousands of words, where `password: …` would be chance; the forms of real keys are looked for there too."""
_KEYS: Final = {
    "a Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})",
    "a GitLab token": r"\bgl(?:agent|cbt|dt|ft|oas|pat|ptt|rt|soat)-[A-Za-z0-9_-]{20,}",
    "an AWS key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "a Google key": r"\bAIza[A-Za-z0-9_-]{35}",
    "an OpenAI or Anthropic key": r"\bsk-[A-Za-z0-9_-]{20,}",
    "a Stripe key": r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
    "a W&B key": r"\bwandb_v\d_[A-Za-z0-9_]{20,}",
    "a Slack token": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a JSON web token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "a password in an address": r"\b[a-z][a-z0-9+.-]{1,20}://[^/\s:@\"']{1,60}:[^/\s:@\"']{3,}@",
}
"""By what they are; each is a form that is given out nowhere else."""
_IN_TEXT: Final = {
    # Whatever stands before the name: DB_PASSWORD, clientSecret. A value is told from a word by a digit or its length.
    "a key or a password": (
        r"(?i)(?:api[_-]?key|access[_-]?key|secret|passw(?:or)?d|passphrase|(?:access|auth|refresh)[_-]?token)"
        r"[\"']?\s*[:=]+\s*[\"']?(?=[^\s\"']*\d|[^\s\"']{16})[^\s\"']{8,}"
    ),
    "a path into a home directory": r"(?<![\w.-])/(?:home/[\w.-]+|Users/[\w.-]+|root/)",
}
"""What a vocabulary may hold by chance."""


def inspect(folder: Path) -> None:
    """
    Raises:
        PublishError: a file of a kind that is not published, a link, or text that looks like a secret or tells where
            somebody's files lie.
    """
    for file in published_files(folder):
        name = str(file.relative_to(folder))
        if file.is_symlink() or (file.suffix not in _WEIGHTS and file.name not in _TEXTS):
            raise PublishError(
                f"{name} is no file that is published: only safetensors, GGUF, tokenizer, card and settings"
            )
        if file.name in _TEXTS and (found := _secret(file)) is not None:
            line, kind = found
            raise PublishError(f"{name}:{line} looks like {kind}: nothing was published")


def published_files(folder: Path) -> Sequence[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def _secret(file: Path) -> tuple[int, str] | None:
    """Line and kind of the first; never the secret itself."""
    text = file.read_text(encoding="utf-8")
    for kind, pattern in (_KEYS if file.name in _VOCABULARY else _KEYS | _IN_TEXT).items():
        if found := re.search(pattern, text):
            return _line(text, found.start()), kind
    return None


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
