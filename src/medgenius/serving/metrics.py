"""What Prometheus is told: numbers of requests, tokens and seconds, never a word of anybody's."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

from medgenius.serving.engine import Engine

_SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 30, 60, 120)
_SHORT = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.05, 0.2)


class Metrics:
    def __init__(self, engine: Engine) -> None:
        self._registry = CollectorRegistry()
        own = self._registry
        self.requests = Counter("medgenius_requests", "Requests answered or refused", ["route", "status"], registry=own)
        self.seconds = Histogram(
            "medgenius_request_seconds", "From request to last byte", ["route"], buckets=_SECONDS, registry=own
        )
        self.first = Histogram(
            "medgenius_first_token_seconds", "From request to first token", buckets=_SECONDS, registry=own
        )
        self.guard = Histogram("medgenius_guard_seconds", "Judging a conversation", buckets=_SHORT, registry=own)
        self.tokens = Counter("medgenius_tokens", "Tokens read and written", ["kind", "model"], registry=own)
        self.emergencies = Counter("medgenius_emergencies", "Conversations with a red flag up", registry=own)
        self.harm = Counter("medgenius_harmful_requests", "Requests for harm that were refused", registry=own)
        self.corrected = Counter("medgenius_corrected_answers", "Answers ended for dangerous advice", registry=own)
        self.cancelled = Counter("medgenius_cancelled_answers", "Answers whose reader left", registry=own)
        running = Gauge("medgenius_running_answers", "Answers being written", registry=own)
        running.set_function(lambda: engine.load.running)
        waiting = Gauge("medgenius_waiting_questions", "Questions waiting for their turn", registry=own)
        waiting.set_function(lambda: engine.load.waiting)

    def text(self) -> bytes:
        return generate_latest(self._registry)
