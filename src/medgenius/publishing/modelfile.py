"""A Modelfile, with which Ollama serves a GGUF file under the prompt of the training."""

import json
from typing import Final

from medgenius.config.prompt import TEXT, PromptConfig
from medgenius.errors import ModelError

_QUOTES: Final = '"""'
_CONTEXT: Final = 8192
"""Tokens of context at most, since Ollama takes memory for all of them at once."""


def modelfile(  # noqa: PLR0913, PLR0917  each is one line of the file
    gguf: str, prompt: PromptConfig, system: str, bos: str, eos: str, context: int
) -> str:
    """
    Args:
        gguf: name of the file beside it
        system: instruction where a conversation has none
        bos: what stands before the first message, empty for nothing
        eos: ends an answer
        context: tokens that the model can see

    Raises:
        ModelError: the instruction can't be written in a Modelfile.
    """
    if _QUOTES in system:
        raise ModelError(f"publish.formats: gguf: a Modelfile can't hold {_QUOTES}, as data.default_instruction does")
    return (
        f"FROM ./{gguf}\n"
        f'TEMPLATE """{template(prompt, bos, eos)}"""\n'
        f'SYSTEM """{system}"""\n'
        f'PARAMETER stop "{eos}"\n'
        f"PARAMETER num_ctx {min(context, _CONTEXT)}\n"
        "# Greedy and without a penalty, as the model was evaluated.\n"
        "PARAMETER temperature 0\n"
        "PARAMETER repeat_penalty 1\n"
    )


def template(prompt: PromptConfig, bos: str, eos: str) -> str:
    """conf/prompt in Go's template language, over Ollama's `.Messages`. Ollama trims no message, unlike training."""
    before_system, after_system = prompt.system.split(TEXT)
    before_user, after_user = prompt.user.split(TEXT)
    content = "{{ .Content }}"
    return (
        f"{_literal(bos)}{{{{- range .Messages }}}}"
        f'{{{{- if eq .Role "system" }}}}{_literal(before_system)}{content}{_literal(after_system)}'
        f'{{{{- else if eq .Role "user" }}}}{_literal(before_user)}{content}{_literal(after_user, prompt.assistant)}'
        f'{{{{- else if eq .Role "assistant" }}}}{content}{_literal(eos, prompt.turn_end)}'
        "{{- end }}{{- end }}"
    )


def _literal(*texts: str) -> str:
    """Text as a Go string, since plain text could hold braces or three quotation marks."""
    whole = "".join(texts)
    return f"{{{{ {json.dumps(whole, ensure_ascii=False)} }}}}" if whole else ""
