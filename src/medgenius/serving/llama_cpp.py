"""llama.cpp inside this process: its server's continuous batching over a GGUF file, asked with our own tokens."""

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

import xllamacpp

from medgenius.config.serving.answering import AnsweringConfig
from medgenius.config.serving.engine import LlamaCppEngine as LlamaCppConfig
from medgenius.errors import ModelError
from medgenius.serving.engine import End, Question
from medgenius.serving.pool import PooledEngine


class LlamaCppEngine(PooledEngine):
    """Prompts go in as token ids, so llama.cpp's own template and tokenizer have no say."""

    def __init__(self, config: LlamaCppConfig, answering: AnsweringConfig) -> None:
        """
        Raises:
            ModelError: the file can't be loaded.
        """
        super().__init__(config.streams, config.waiting)
        per_stream = answering.max_prompt_tokens + answering.max_new_tokens
        params = xllamacpp.CommonParams()
        params.model.path = str(Path(config.gguf).expanduser())
        params.n_parallel = config.streams
        params.n_ctx = config.streams * per_stream
        params.cpuparams.n_threads = config.threads or os.cpu_count() or 1
        # Between two steps its threads would wait in a loop, on the cores that HTTP, the guard and the client need.
        params.cpuparams.poll = 0
        params.verbosity = -1
        # It listens on a port of its own; nobody is to come in there, past keys, limits and guard.
        params.api_keys = [secrets.token_hex()]
        params.ui = False
        params.endpoint_slots = False
        try:
            self._server = xllamacpp.Server(params)
        except RuntimeError as error:
            raise ModelError(f"serving.engine.gguf={config.gguf} can't be loaded: {error}") from None
        self.start()

    def answer(self, question: Question, show: Callable[[str, int], bool]) -> End:
        sampling = question.sampling
        order = {
            "prompt": question.prompt_ids,
            "n_predict": question.max_new_tokens,
            "stream": True,
            "temperature": sampling.temperature if sampling else 0.0,
            "top_p": sampling.top_p if sampling else 1.0,
            "top_k": 0,
            "min_p": 0.0,
            "seed": sampling.seed if sampling else 0,
        }
        ended: list[End] = []
        written = 0

        def take(chunk: Mapping[str, object]) -> bool:
            nonlocal written
            if "choices" not in chunk:
                raise ModelError(f"llama.cpp: {chunk.get('message', chunk)}")
            (choice,) = cast("list[dict[str, object]]", chunk["choices"])
            tokens = 1
            if choice["finish_reason"] is not None:
                ended.append("length" if choice["finish_reason"] == "length" else "stop")
                # A character of several tokens came as one piece; an end of sequence is counted, and is none of these.
                total = cast("dict[str, int]", chunk["usage"])["completion_tokens"] - (ended[-1] == "stop")
                tokens = max(0, total - written)
            written += tokens
            return show(str(choice["text"]), tokens)

        self._server.handle_completions(order, take)
        return ended[-1] if ended else "stop"

    def can_answer(self) -> bool:
        return True

    def end(self) -> None:
        del self._server
