"""Server-sent events, and answers that stop when nobody reads them any more."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from medgenius.serving.answering import Answer

T = TypeVar("T")

DONE = "data: [DONE]\n\n"


def event(data: BaseModel | str) -> str:
    return f"data: {data if isinstance(data, str) else data.model_dump_json()}\n\n"


class AnswerStream(StreamingResponse):
    """Events of an answer. It is closed however the response ends."""

    def __init__(self, events: AsyncIterator[str], answer: Answer) -> None:
        # Proxies that collect a response before they pass it on are asked not to.
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._answer.close()


async def unless_left(request: Request, work: Coroutine[None, None, T]) -> T | None:
    """The result of `work`; None where the client left before, and `work` is cancelled."""
    task = asyncio.ensure_future(work)
    left = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({task, left}, return_when=asyncio.FIRST_COMPLETED)
        return await task if task.done() else None
    finally:
        left.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
