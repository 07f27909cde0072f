"""What a request is told that gets no answer: one shape, OpenAI's, for every reason."""

import math

from fastapi.responses import JSONResponse

_TYPES = {401: "authentication_error", 429: "rate_limit_error", 500: "server_error", 503: "server_error"}


class Refusal(Exception):  # noqa: N818  it is what is said, and no fault of the code
    """Ends a request.

    Attributes:
        code: a word for programs
        emergency: the emergency text, where the message called for it: it must reach the reader all the same
    """

    def __init__(  # noqa: PLR0913  the parts of an error
        self,
        status: int,
        code: str,
        text: str,
        *,
        param: str | None = None,
        retry_after: float | None = None,
        emergency: str | None = None,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.param = param
        self.retry_after = retry_after
        self.emergency = emergency

    def body(self) -> dict[str, object]:
        kind = _TYPES.get(self.status, "invalid_request_error")
        error = {"message": str(self), "type": kind, "param": self.param, "code": self.code}
        return {"error": {**error, "emergency": self.emergency}}

    def response(self) -> JSONResponse:
        headers = {"Cache-Control": "no-store"}
        if self.retry_after is not None:
            headers["Retry-After"] = str(max(1, math.ceil(self.retry_after)))
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return JSONResponse(self.body(), self.status, headers)
