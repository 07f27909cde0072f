"""Requests made up from the server's own OpenAPI document: each gets an answer that the document allows."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from medgenius.runs import Run
from medgenius.serving.models import Speaker
from tests.serving.support import KEY, ScriptedEngine, serving

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
# It imports these when first used, and Python 3.11 can't parse modules on two threads at once (CPython issue 106905).
pytest.importorskip("schemathesis.specs.openapi.schemas")
pytest.importorskip("schemathesis.specs.openapi.checks")


def checks() -> list[Callable[..., Any]]:
    from schemathesis.checks import not_a_server_error  # noqa: PLC0415  only where it is installed
    from schemathesis.specs.openapi import checks as document  # noqa: PLC0415

    return [
        not_a_server_error,
        document.status_code_conformance,
        document.content_type_conformance,
        document.response_schema_conformance,
        document.negative_data_rejection,
    ]


@pytest.mark.parametrize("examples", [6, pytest.param(300, marks=pytest.mark.slow)])
def test_every_route_keeps_to_its_document(examples: int, speaker: Speaker, tiny_run: Run) -> None:
    with serving(ScriptedEngine(), speaker, tiny_run, "serving.requests_per_minute=null") as address:
        schema = schemathesis.openapi.from_dict(json.loads(address.ask("GET", "/openapi.json")[1]))
        schema.config.update(base_url=address.url)
        seen = set()
        for result in schema.get_all_operations():
            operation = result.ok()
            seen.add(operation.label)
            for mode in schemathesis.GenerationMode:

                @given(case=operation.as_strategy(generation_mode=mode))
                @settings(
                    max_examples=examples,
                    suppress_health_check=list(HealthCheck),
                    phases=[Phase.explicit, Phase.generate],
                )
                def holds(case: Any) -> None:
                    case.call_and_validate(headers={"Authorization": f"Bearer {KEY}"}, checks=checks())

                with suppress(Unsatisfiable):  # of a route without parameters there is nothing invalid
                    holds()
        assert {"POST /chat", "POST /v1/chat/completions", "GET /v1/models", "GET /metrics"} <= seen
        assert address.ask("GET", "/healthz")[0].status == 200
