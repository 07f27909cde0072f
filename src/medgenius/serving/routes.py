"""The routes: OpenAI's form, the simple one, and what operators ask for."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Sequence

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from medgenius.data.dialogue import Message
from medgenius.inference.sampling import Sampling
from medgenius.serving.answering import Answer, Answering, Asked
from medgenius.serving.chunks import Chunks
from medgenius.serving.engine import Engine
from medgenius.serving.metrics import Metrics
from medgenius.serving.refusals import Refusal
from medgenius.serving.schemas import (
    ChatRequest,
    ChatResponse,
    Choice,
    Completion,
    CompletionRequest,
    Error,
    Health,
    MessageIn,
    MessageOut,
    ModelCard,
    ModelList,
    Safety,
    Usage,
)
from medgenius.serving.sse import DONE, AnswerStream, event, unless_left

_ERRORS: dict[int | str, dict[str, object]] = {
    "4XX": {"model": Error, "description": "Refused, with a reason"},
    "5XX": {"model": Error, "description": "No answer now, with a reason"},
}
_STREAM: dict[int | str, dict[str, object]] = {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}


def answer_routes(answering: Answering, texts: "TextLog") -> APIRouter:
    """Those that a model answers."""
    router = APIRouter(responses=_ERRORS)

    @router.post("/chat")
    async def chat(asked: ChatRequest, request: Request) -> ChatResponse:
        """One question, one answer."""
        messages = [Message("user", asked.message)]
        answer = await answering.open(Asked(asked.model, messages, asked.max_tokens))
        text = await _whole(answer, request)
        texts.note(messages, text)
        return ChatResponse(
            response=text,
            model=asked.model,
            finish_reason=answer.finish,
            safety=_safety(answer),
            usage=Usage.of(len(answer.question.prompt_ids), answer.tokens),
        )

    @router.post("/v1/chat/completions", response_model=Completion, responses=_STREAM)
    async def complete(asked: CompletionRequest, request: Request) -> Completion | Response:
        """OpenAI's form; with `stream` its chunks as server-sent events."""
        messages = [_message(message) for message in asked.messages]
        most = asked.max_completion_tokens or asked.max_tokens
        answer = await answering.open(Asked(asked.model, messages, most, _sampling(asked)))
        name = f"chatcmpl-{secrets.token_hex(12)}"
        if asked.stream:
            usage = asked.stream_options is not None and asked.stream_options.include_usage
            return AnswerStream(_chunks(answer, name, usage=usage, texts=texts, messages=messages), answer)
        text = await _whole(answer, request)
        texts.note(messages, text)
        return Completion(
            id=name,
            created=int(time.time()),
            model=asked.model,
            choices=[Choice(message=MessageOut(content=text), finish_reason=answer.finish)],
            usage=Usage.of(len(answer.question.prompt_ids), answer.tokens),
            safety=_safety(answer),
        )

    return router


def other_routes(answering: Answering, engine: Engine, metrics: Metrics) -> APIRouter:
    """Those that tell about the server."""
    router = APIRouter(responses=_ERRORS)
    made = int(time.time())

    @router.get("/v1/models")
    def models() -> ModelList:
        """What `model` may be."""
        return ModelList(data=[ModelCard(id=name, created=made) for name in answering.models])

    @router.get("/v1/models/{model}")
    def model(model: str) -> ModelCard:
        """One of them."""
        if model not in answering.models:
            raise Refusal(404, "model_not_found", "there is no such model", param="model")
        return ModelCard(id=model, created=made)

    @router.get("/healthz")
    def healthz() -> Health:
        """Whether the process lives."""
        return Health(status="ok")

    @router.get("/readyz")
    async def readyz() -> Health:
        """Whether it can answer."""
        if not await asyncio.to_thread(lambda: engine.is_alive):
            raise Refusal(503, "not_ready", "the engine can't answer now", retry_after=5)
        return Health(status="ready")

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    def prometheus() -> Response:
        """Numbers for Prometheus."""
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return router


class TextLog:
    """Questions and answers, where a person asked for them (`serving.log_texts`)."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted

    def note(self, messages: Sequence[Message], answer: str) -> None:
        if self._wanted:
            print("\n".join([*(f"{message.role}: {message.content}" for message in messages), f"answer: {answer}"]))


def _message(message: MessageIn) -> Message:
    return Message("system" if message.role == "developer" else message.role, message.text)


def _sampling(asked: CompletionRequest) -> Sampling | None:
    if not asked.temperature:
        return None
    seed = secrets.randbits(63) if asked.seed is None else asked.seed
    return Sampling(asked.temperature, 1.0 if asked.top_p is None else asked.top_p, seed)


def _safety(answer: Answer) -> Safety:
    verdict = answer.verdict
    return Safety(emergency=verdict.emergency, red_flags=list(verdict.red_flags), refused=verdict.harm)


async def _whole(answer: Answer, request: Request) -> str:
    """All of an answer; nothing where its reader left."""

    async def read() -> str:
        return "".join([piece async for piece in answer.pieces()])

    try:
        return await unless_left(request, read()) or ""
    finally:
        answer.close()


async def _chunks(
    answer: Answer, name: str, *, usage: bool, texts: TextLog, messages: Sequence[Message]
) -> AsyncIterator[str]:
    """OpenAI's chunks. The first says what the guard found; an error ends the stream as an event of its own."""
    chunks = Chunks(name, int(time.time()), answer.question.model)
    yield chunks.first(_safety(answer))
    shown: list[str] = []
    try:
        async for piece in answer.pieces():
            shown.append(piece)
            yield chunks.text(piece)
    except Refusal as refusal:
        yield event(Error.model_validate(refusal.body()))
        return
    texts.note(messages, "".join(shown))
    yield chunks.last(answer.finish)
    if usage:
        yield chunks.usage(Usage.of(len(answer.question.prompt_ids), answer.tokens))
    yield DONE
