"""One question to an OpenAI-compatible endpoint, with patience for one that is busy."""

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Final

from medgenius.config.evaluation import JudgeConfig
from medgenius.errors import ModelError

_BUSY: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same question may be answered."""
_LONGEST_PAUSE: Final = 30.0
"""Seconds."""
_MOST_BYTES: Final = 4_000_000


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A key and patients' words go where they were sent and nowhere else."""

    def redirect_request(self, *_: object) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Endpoint:
    url: str
    """Of chat completions"""
    model: str
    key: str | None
    timeout: float
    retries: int
    max_tokens: int
    first_pause: float = 1.0
    """Seconds before the second try; each pause is twice the one before."""

    @classmethod
    def of(cls, settings: JudgeConfig) -> "Endpoint":
        assert settings.endpoint is not None
        return cls(
            url=f"{settings.endpoint.rstrip('/')}/chat/completions",
            model=settings.model,
            key=os.environ.get(settings.api_key_variable),
            timeout=settings.timeout,
            retries=settings.retries,
            max_tokens=settings.max_tokens,
        )

    def ask(self, prompt: str) -> str:
        """The reply's text; empty where the model said nothing.

        Raises:
            ModelError: no answer within all tries, or a refusal such as a wrong key.
        """
        reason = ""
        for attempt in range(1 + self.retries):
            if attempt:
                time.sleep(min(_LONGEST_PAUSE, self.first_pause * 2 ** (attempt - 1)))
            try:
                return self._asked(prompt)
            except urllib.error.HTTPError as error:
                reason = f"status {error.code}"
                if error.code not in _BUSY:
                    break
            except (OSError, http.client.HTTPException) as error:
                reason = str(getattr(error, "reason", error)) or type(error).__name__
            except (ValueError, LookupError, TypeError):
                reason = "the reply is no chat completion"
        raise ModelError(f"evaluation.judge.endpoint: {self.url} gives no verdict: {reason}")

    def _asked(self, prompt: str) -> str:
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": prompt}],
            "temperature": 0,
            "max_tokens": self.max_tokens,
        }
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
        request = urllib.request.Request(self.url, json.dumps(body).encode(), headers)  # noqa: S310  the config checks the scheme
        opener = urllib.request.build_opener(_NoRedirects)
        with opener.open(request, timeout=self.timeout) as response:
            reply = json.loads(response.read(_MOST_BYTES))
        return str(reply["choices"][0]["message"]["content"] or "")
