"""A real llama.cpp, from the wheel of xllamacpp: its server on loopback, asked by HTTP."""

import json
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import pytest

from medgenius.data.dialogue import Message

Json = dict[str, object]


class LlamaCpp:
    """Ends with the object."""

    def __init__(self, gguf: Path) -> None:
        xllamacpp = pytest.importorskip("xllamacpp")
        params = xllamacpp.CommonParams()
        params.model.path = str(gguf)
        params.n_ctx = 2048
        params.n_parallel = 1
        params.n_gpu_layers = 0
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
        params.warmup = False
        params.port = 0
        self._server = xllamacpp.Server(params)

    def _ask(self, path: str, body: Json) -> Json:
        request = urllib.request.Request(
            f"{self._server.listening_address}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=120) as response:
            answer: Json = json.load(response)
        return answer

    def tokens(self, text: str) -> list[int]:
        """As for a completion: with what the file says is put in front."""
        found = self._ask("/tokenize", {"content": text, "add_special": True, "parse_special": True})["tokens"]
        assert isinstance(found, list)
        return found

    def prompt(self, messages: Sequence[Message]) -> str:
        """Through the chat template in the file."""
        asked = [{"role": message.role, "content": message.content} for message in messages]
        return str(self._ask("/apply-template", {"messages": asked})["prompt"])

    def answer(self, prompt_ids: Sequence[int], new_tokens: int) -> list[int]:
        """Greedily, with the end-of-sequence token where it came to one."""
        body: Json = {"prompt": list(prompt_ids), "n_predict": new_tokens, "temperature": 0, "return_tokens": True}
        found = self._ask("/completion", {**body, "cache_prompt": False})["tokens"]
        assert isinstance(found, list)
        return found
