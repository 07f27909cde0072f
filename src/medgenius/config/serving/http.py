"""conf/serving/http.yaml: what of it the network sees, and the limits on those who ask."""

from typing import Annotated

from pydantic import Field

from medgenius.config.fields import AlsoCalled
from medgenius.config.places import PathText
from medgenius.config.serving.answering import AnsweringConfig


class ServingConfig(AnsweringConfig):
    host: Annotated[str, Field(min_length=1), AlsoCalled("bind", "address", "listen")]
    """Address to listen on; 127.0.0.1 is this machine alone."""
    port: Annotated[int, Field(ge=0, lt=2**16)]
    """0 for any free one."""
    api_keys: Annotated[PathText, AlsoCalled("api_key", "keys", "token", "auth")]
    """File of hashed keys (`python -m medgenius.serving.keys` makes one). `new`: one key for as long as this server
    runs, shown once at its start. `off`: anyone who can reach the address may ask."""
    max_body_bytes: Annotated[int, Field(gt=0), AlsoCalled("max_request_size", "body_limit")]
    """Of a request; a longer one is refused with 413."""
    requests_per_minute: Annotated[int, Field(gt=0), AlsoCalled("rate_limit", "rpm")] | None
    """Of one key, or of one address where keys are off; null for no limit."""
    max_connections: Annotated[int, Field(gt=0), AlsoCalled("limit_concurrency", "connections")]
    """Open at a time; for one more, the longest idle one is closed, or where none is idle, it is told 503."""
    receive_seconds: Annotated[float, Field(gt=0), AlsoCalled("read_timeout", "header_timeout", "body_timeout")]
    """How long a client may take to send a whole request."""
    answer_seconds: Annotated[float, Field(gt=0), AlsoCalled("timeout", "request_timeout")]
    """How long an answer may take, waiting included; then it ends where it is. A shutdown waits as long."""
    log_texts: Annotated[bool, AlsoCalled("log_prompts", "log_requests")]
    """Write questions and answers to the log as well: patients' words."""
