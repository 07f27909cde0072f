"""From a conversation to a guarded answer: judged, encoded, queued, written, ended; whoever asks, over HTTP or here."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal

from medgenius.config.serving.http import ServingConfig
from medgenius.data.dialogue import Message
from medgenius.errors import DataError
from medgenius.inference.sampling import Sampling
from medgenius.serving.engine import Cancel, FullError, Piece, Question
from medgenius.serving.guard import Guard, GuardedAnswer, Verdict
from medgenius.serving.mailbox import Mailbox
from medgenius.serving.metrics import Metrics
from medgenius.serving.models import Served
from medgenius.serving.refusals import Refusal

_LONG = 2_000
"""Characters; a longer conversation is judged on a thread, so that others need not wait for it."""


@dataclass(frozen=True, slots=True)
class Asked:
    model: str
    messages: Sequence[Message]
    max_tokens: int | None
    sampling: Sampling | None = None


class Answering:
    """The guard and the engine behind it."""

    def __init__(self, served: Served, config: ServingConfig, metrics: Metrics) -> None:
        self._served = served
        self._config = config
        self._metrics = metrics
        self._guard = Guard(config.guard)
        self._mailbox: tuple[asyncio.AbstractEventLoop, Mailbox[Piece]] | None = None
        self._seconds = 1.0
        """What an answer took of late, smoothed"""

    @property
    def models(self) -> tuple[str, ...]:
        return self._served.engine.names

    async def open(self, asked: Asked) -> "Answer":
        """Judge a conversation and queue it.

        Raises:
            Refusal: the request can't be answered, or not now.
        """
        verdict = await self.judge(asked.messages)
        self._require_order(asked, verdict.emergency_text)
        if verdict.harm:
            self._metrics.harm.inc()
        question = self._question(asked, verdict)
        return Answer(self, verdict, question)

    async def judge(self, messages: Sequence[Message]) -> Verdict:
        """Of a conversation, be it one that can be answered or not."""
        begun = time.perf_counter()
        if sum(len(message.content) for message in messages) > _LONG:
            verdict = await asyncio.to_thread(self._guard.judge, messages)
        else:
            verdict = self._guard.judge(messages)
        self._metrics.guard.observe(time.perf_counter() - begun)
        if verdict.emergency:
            self._metrics.emergencies.inc()
        return verdict

    def _require_order(self, asked: Asked, emergency: str | None) -> None:
        if asked.model not in self.models:
            known = ", ".join(self.models)
            text = f"there is no model {asked.model!r}; there are: {known}"
            raise Refusal(404, "model_not_found", text, param="model", emergency=emergency)
        roles = [message.role for message in asked.messages]
        turns = roles[1:] if roles[0] == "system" else roles
        expected = ["user", "assistant"] * (len(turns) // 2) + ["user"]
        if turns != expected:
            text = "messages must be an optional system message, then user and assistant in turn, the last by the user"
            raise Refusal(400, "invalid_messages", text, param="messages", emergency=emergency)

    def _question(self, asked: Asked, verdict: Verdict) -> Question:
        most, emergency = self._config.max_new_tokens, verdict.emergency_text
        wanted = most if asked.max_tokens is None else asked.max_tokens
        if wanted > most:
            text = f"at most {most} tokens of an answer may be asked for"
            raise Refusal(400, "max_tokens_too_large", text, param="max_tokens", emergency=emergency)
        try:
            ids = self._served.speakers[asked.model].prompt_ids(asked.messages)
        except DataError as error:
            text = f"a message {error}, which would forge a turn of the conversation"
            raise Refusal(400, "control_token", text, param="messages", emergency=emergency) from None
        if len(ids) > self._config.max_prompt_tokens:
            text = f"the conversation has {len(ids)} tokens; at most {self._config.max_prompt_tokens} can be read"
            raise Refusal(400, "context_length_exceeded", text, param="messages", emergency=emergency)
        return Question(asked.model, ids, wanted, asked.sampling)

    def submit(self, answer: "Answer") -> Cancel:
        """
        Raises:
            Refusal: too many wait.
        """
        try:
            return self._served.engine.submit(answer.question, answer.hear)
        except FullError as error:
            load = self._served.engine.load
            seconds = self._seconds * (load.waiting + 1) / max(1, load.running)
            raise Refusal(
                503, "overloaded", str(error), retry_after=min(60, seconds), emergency=answer.verdict.emergency_text
            ) from None

    def guarded(self, verdict: Verdict) -> GuardedAnswer:
        return self._guard.answer(verdict)

    def mailbox(self, loop: asyncio.AbstractEventLoop) -> Mailbox[Piece]:
        """The one that all answers of a loop share."""
        if self._mailbox is None or self._mailbox[0] is not loop:
            self._mailbox = loop, Mailbox(loop)
        return self._mailbox[1]

    @property
    def answer_seconds(self) -> float:
        return self._config.answer_seconds

    def note(self, answer: "Answer", seconds: float) -> None:
        """How an answer went."""
        name = answer.question.model
        self._metrics.tokens.labels("prompt", name).inc(len(answer.question.prompt_ids))
        self._metrics.tokens.labels("answer", name).inc(answer.tokens)
        if answer.first_seconds is not None:
            self._metrics.first.observe(answer.first_seconds)
        if answer.corrected:
            self._metrics.corrected.inc()
        if answer.left:
            self._metrics.cancelled.inc()
        else:
            self._seconds += 0.1 * (seconds - self._seconds)


class Answer:
    """One answer while it is written. `pieces` may be read once; `close` must be called, read to the end or not."""

    def __init__(self, answering: Answering, verdict: Verdict, question: Question) -> None:
        """
        Raises:
            Refusal: too many wait.
        """
        self.verdict = verdict
        self.question = question
        self.tokens = 0
        self.first_seconds: float | None = None
        self.finish: Literal["stop", "length", "content_filter"] = "content_filter"
        self.corrected = False
        self.left = False
        """Whether the reader went before the end."""
        self._answering = answering
        self._begun = time.perf_counter()
        self._loop = asyncio.get_running_loop()
        self._heard: asyncio.Queue[Piece | None] = asyncio.Queue()
        self._mailbox = answering.mailbox(self._loop)
        self._guarded = answering.guarded(verdict)
        self._ended = False
        self._problem: Refusal | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._cancel: Cancel | None = None
        if not self._guarded.ended:
            self._cancel = answering.submit(self)
            self._timer = self._loop.call_later(answering.answer_seconds, self._heard.put_nowait, None)

    def hear(self, piece: Piece) -> None:
        """The engine's thread hands over a piece."""
        self._mailbox.put(self._heard.put_nowait, piece)

    async def pieces(self) -> AsyncIterator[str]:
        """What the reader sees, as it comes; empty pieces are left out.

        Raises:
            Refusal: the engine failed, or no token came in the time that an answer may take.
        """
        if opening := self._guarded.begin():
            yield opening
        while not (self._ended or self._guarded.ended):
            piece = await self._heard.get()
            shown = self._take(piece)
            # What has come meanwhile, while the reader or the loop was slow, goes with it.
            while not (self._ended or self._guarded.ended or self._heard.empty()):
                shown += self._take(self._heard.get_nowait())
            if shown:
                yield shown
            if self._problem:
                raise self._problem
        self._ended = True

    def _take(self, piece: Piece | None) -> str:
        """What the reader may see now; None for a piece is the end of its time."""
        if piece is None:
            self._problem = None if self.tokens else self._too_late()
            piece = Piece("", 0, "length")
        if piece.end == "failed":
            text = "the model could not go on with this answer"
            self._problem = Refusal(500, "engine_failed", text, emergency=self.verdict.emergency_text)
        self._ended = piece.end is not None
        if self._problem or piece.end == "failed":
            return ""
        shown = self._read(piece)
        return shown + self._end(piece.end) if piece.end else shown

    def _read(self, piece: Piece) -> str:
        if piece.tokens and self.first_seconds is None:
            self.first_seconds = time.perf_counter() - self._begun
        self.tokens += piece.tokens
        shown = self._guarded.add(piece.text)
        self.corrected = self._guarded.corrected
        return shown

    def _end(self, end: Literal["stop", "length"]) -> str:
        if self._guarded.ended:
            return ""
        rest = self._guarded.finish()
        self.corrected = self._guarded.corrected
        self.finish = "content_filter" if self.corrected else end
        return rest

    def _too_late(self) -> Refusal:
        text = "no answer could be begun in time: the server is at its limit"
        return Refusal(503, "overloaded", text, retry_after=10, emergency=self.verdict.emergency_text)

    def close(self) -> None:
        """Let go of the engine's place."""
        if self._timer:
            self._timer.cancel()
        if self._cancel:
            self._cancel()
            self._cancel = None
            self.left = not self._ended
            self._answering.note(self, time.perf_counter() - self._begun)
