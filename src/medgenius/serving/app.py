"""The app: routes, the page, and one shape for every error."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from starlette.exceptions import HTTPException

import medgenius
from medgenius.config.serving.http import ServingConfig
from medgenius.serving.answering import Answering
from medgenius.serving.gate import Gate
from medgenius.serving.keys import Keys
from medgenius.serving.metrics import Metrics
from medgenius.serving.models import Served
from medgenius.serving.refusals import Refusal
from medgenius.serving.routes import TextLog, answer_routes, other_routes
from medgenius.serving.schemas import user_messages

_log = logging.getLogger("medgenius.serving")
_PAGE = Path(__file__).with_name("page")
_PAGE_FILES = {"/": "index.html", "/page.css": "page.css", "/page.js": "page.js", "/page.svg": "page.svg"}
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def make_app(served: Served, config: ServingConfig, keys: Keys | None) -> Gate:
    """
    Args:
        keys: None lets everybody ask
    """
    metrics = Metrics(served.engine)
    app = FastAPI(
        title="MedGenius",
        version=medgenius.__version__,
        description="A fine-tuned model behind a safety guard. Not medical advice.",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
    )
    answering = Answering(served, config, metrics)
    app.include_router(answer_routes(answering, TextLog(wanted=config.log_texts)))
    app.include_router(other_routes(answering, served.engine, metrics))
    for path, file in _PAGE_FILES.items():
        app.add_api_route(path, _file(file), include_in_schema=False)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, partial(_invalid, answering))
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _broken)
    if keys:
        _describe_keys(app)
    return Gate(app, config, keys, metrics)


def _file(name: str) -> Callable[[], FileResponse]:
    def page() -> FileResponse:
        return FileResponse(_PAGE / name, headers=_PAGE_HEADERS)

    return page


def _describe_keys(app: FastAPI) -> None:
    """Into the OpenAPI document: every route but the open ones wants a key."""
    document = app.openapi()
    document.setdefault("components", {})["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"key": []}]
    for path in ("/healthz", "/readyz"):
        document["paths"][path]["get"]["security"] = []


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return error.response()


async def _invalid(answering: Answering, _: Request, error: Exception) -> JSONResponse:
    """The first thing that is wrong, by its key; never the value, which may be a patient's words."""
    assert isinstance(error, RequestValidationError)
    detail = error.errors()[0]
    if detail["type"] == "json_invalid":
        return Refusal(400, "invalid_json", "the body is no valid JSON").response()
    key = ".".join(str(part) for part in detail["loc"][1:] if "[" not in str(part))
    if not key:
        return Refusal(400, "invalid_body", "a JSON object is needed (Content-Type: application/json)").response()
    reason = str(detail["msg"]).removeprefix("Value error, ")
    verdict = await answering.judge(user_messages(error.body))
    text = f"{key}: {reason[0].lower()}{reason[1:]}"
    return Refusal(400, "invalid_request", text, param=key, emergency=verdict.emergency_text).response()


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 400:  # FastAPI's for a body that it could not even parse
        return Refusal(400, "invalid_json", "the body is no valid JSON").response()
    codes = {404: "not_found", 405: "method_not_allowed"}
    answer = Refusal(error.status_code, codes.get(error.status_code, "http_error"), str(error.detail)).response()
    answer.headers.update(error.headers or {})
    return answer


async def _broken(_: Request, __: Exception) -> JSONResponse:
    _log.error("a request failed here")  # starlette logs the traceback; it holds no text of a request
    return Refusal(500, "internal_error", "something broke here; the log says what").response()
