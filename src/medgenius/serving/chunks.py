"""The chunks of a streamed answer in OpenAI's form."""

import json
from dataclasses import dataclass

from medgenius.serving.schemas import FinishReason, Safety, Usage


@dataclass(frozen=True, slots=True)
class Chunks:
    """Of one answer."""

    id: str
    created: int
    model: str

    def first(self, safety: Safety) -> str:
        """Says who speaks, and what the guard found."""
        return self._event({"role": "assistant", "content": ""}, safety=safety.model_dump())

    def text(self, piece: str) -> str:
        return self._event({"content": piece})

    def last(self, finish: FinishReason) -> str:
        return self._event({}, finish=finish)

    def usage(self, usage: Usage) -> str:
        return self._event(None, usage=usage.model_dump())

    def _event(self, delta: dict[str, str] | None, finish: FinishReason | None = None, **more: object) -> str:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
        chunk = {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": choices,
            **more,
        }
        return f"data: {json.dumps(chunk, ensure_ascii=False, separators=(',', ':'))}\n\n"
