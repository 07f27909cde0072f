"""The chunks of a streamed answer in OpenAI's form."""

import json

from medgenius.serving.schemas import FinishReason, Safety, Usage

_TEXT = "\0"
"""Stands where a piece of text goes; a name of a model can't hold it"""


class Chunks:
    """Of one answer."""

    def __init__(self, name: str, created: int, model: str) -> None:
        self._common = {"id": name, "object": "chat.completion.chunk", "created": created, "model": model}
        # Of a token's chunk all but the text is the same, and written once.
        self._before, self._after = self._event({"content": _TEXT}).split(json.dumps(_TEXT))

    def first(self, safety: Safety) -> str:
        """Says who speaks, and what the guard found."""
        return self._event({"role": "assistant", "content": ""}, safety=safety.model_dump())

    def text(self, piece: str) -> str:
        return f"{self._before}{json.dumps(piece, ensure_ascii=False)}{self._after}"

    def last(self, finish: FinishReason) -> str:
        return self._event({}, finish=finish)

    def usage(self, usage: Usage) -> str:
        return self._event(None, usage=usage.model_dump())

    def _event(self, delta: dict[str, str] | None, finish: FinishReason | None = None, **more: object) -> str:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
        chunk = {**self._common, "choices": choices, **more}
        return f"data: {json.dumps(chunk, ensure_ascii=False, separators=(',', ':'))}\n\n"
