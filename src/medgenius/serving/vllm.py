"""vLLM's own server behind our guard, keys and limits: started here on loopback, or running elsewhere."""

import http.client
import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from medgenius.config.serve import RESERVED
from medgenius.config.serving.answering import AnsweringConfig
from medgenius.config.serving.engine import VllmEngine as VllmConfig
from medgenius.errors import ModelError
from medgenius.serving.engine import End, Question
from medgenius.serving.pool import PooledEngine

_KEY = "VLLM_API_KEY"
"""Environment variable that vLLM reads its key from; so no list of processes shows it."""
_TUNED = RESERVED[1]
_PAUSE = 0.5
"""Seconds between two looks at a server that starts."""


def command(config: VllmConfig, answering: AnsweringConfig, port: int) -> list[str]:
    """What is typed to start vLLM's server."""
    assert config.model is not None
    return [
        *("vllm", "serve", str(Path(config.model).expanduser())),
        *("--host", "127.0.0.1", "--port", str(port)),
        *("--served-model-name", _TUNED),
        *("--max-model-len", str(answering.max_prompt_tokens + answering.max_new_tokens)),
        *("--max-num-seqs", str(config.streams)),
        "--no-enable-log-requests",  # prompts are patients' words; vLLM 0.10.1 and newer
        *config.arguments,
    ]


class VllmEngine(PooledEngine):
    """Speaks `/v1/completions` with prompts as token ids, so vLLM's own chat template has no say."""

    def __init__(self, config: VllmConfig, answering: AnsweringConfig) -> None:
        """
        Raises:
            ModelError: the server did not start, or is not there.
        """
        super().__init__(config.streams, config.waiting)
        self._process: subprocess.Popen[bytes] | None = None
        self._key = os.environ.get(_KEY, "")
        if config.url is None:
            port = _free_port()
            self._url = f"http://127.0.0.1:{port}"
            self._key = secrets.token_hex()
            line = command(config, answering, port)
            # Words of a person's own config, no shell.
            self._process = subprocess.Popen(line, env={**os.environ, _KEY: self._key})  # noqa: S603
        else:
            self._url = config.url.rstrip("/").removesuffix("/v1")
        try:
            self._wait_until_ready(config.startup_seconds)
        except BaseException:
            self.end()
            raise
        self.start()

    def _wait_until_ready(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.can_answer():
            if self._process and (status := self._process.poll()) is not None:
                raise ModelError(f"vllm serve ended with status {status}; its own lines above say why")
            if time.monotonic() > until:
                raise ModelError(f"no vLLM server answered at {self._url} within {seconds:.0f} s")
            time.sleep(_PAUSE)

    def can_answer(self) -> bool:
        if self._process and self._process.poll() is not None:
            return False
        try:
            connection = self._connection(timeout=2)
            connection.request("GET", "/health", headers=self._headers())
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False

    def answer(self, question: Question, show: Callable[[str, int], bool]) -> End:
        sampling = question.sampling
        body = {
            "model": _TUNED,
            "prompt": question.prompt_ids,
            "max_tokens": question.max_new_tokens,
            "temperature": sampling.temperature if sampling else 0,
            "top_p": sampling.top_p if sampling else 1,
            "seed": sampling.seed if sampling else 0,
            "stream": True,
            "stream_options": {"include_usage": True, "continuous_usage_stats": True},
        }
        connection = self._connection(timeout=600)
        try:
            connection.request("POST", "/v1/completions", json.dumps(body), self._headers())
            response = connection.getresponse()
            if response.status != HTTPStatus.OK:
                raise ModelError(f"vLLM answered with status {response.status}")
            return _end_of(_events(response), show)
        finally:
            connection.close()  # vLLM stops an answer whose client has gone

    def end(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait()

    def _headers(self) -> dict[str, str]:
        authorization = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        return {"Content-Type": "application/json", **authorization}

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        parts = urlsplit(self._url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.hostname or "", parts.port, timeout=timeout)


def _events(response: http.client.HTTPResponse) -> Iterator[dict[str, object]]:
    """The server-sent events of a response."""
    for line in response:
        data = line.decode().strip().removeprefix("data:").strip()
        if data == "[DONE]":
            return
        if data:
            yield json.loads(data)


def _end_of(events: Iterator[dict[str, object]], show: Callable[[str, int], bool]) -> End:
    end: End = "failed"
    written = 0
    for event in events:
        usage = event.get("usage")
        total = int(usage["completion_tokens"]) if isinstance(usage, dict) else written
        tokens, written = max(0, total - written), total
        choices = event.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else {}
        if reason := choice.get("finish_reason"):
            end = "length" if reason == "length" else "stop"
        if show(str(choice.get("text", "")), tokens):
            return "stop"
    return end


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
