"""The HTTP side over a scripted engine: what is answered, what is refused, and that the server outlives its clients."""

import json
from collections.abc import Iterator

import pytest

from medgenius.data.dialogue import Message
from medgenius.runs import Run
from medgenius.safety import ESCALATION
from medgenius.serving.guard import GAP
from medgenius.serving.models import Speaker
from tests.serving.support import Address, ScriptedEngine, serving, wait_for

EMERGENCY = "I have crushing chest pain and my left arm is numb."
COMPLETIONS = "/v1/chat/completions"
USER = [{"role": "user", "content": "My toe itches."}]


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def address(engine: ScriptedEngine, speaker: Speaker, tiny_run: Run) -> Iterator[Address]:
    with serving(engine, speaker, tiny_run, "serving.requests_per_minute=null") as found:
        yield found


@pytest.fixture(scope="module")
def plain(speaker: Speaker, tiny_run: Run) -> Iterator[Address]:
    """One server for all tests that change nothing about it."""
    with serving(ScriptedEngine(), speaker, tiny_run, "serving.requests_per_minute=null") as found:
        yield found


def reason(address: Address, path: str, body: object) -> tuple[int, str]:
    status, answer = address.json(path, body)
    error = answer["error"]
    assert isinstance(error, dict)
    assert set(error) == {"message", "type", "param", "code", "emergency"}
    return status, str(error["message"])


def test_the_simple_form(address: Address, engine: ScriptedEngine, speaker: Speaker) -> None:
    status, answer = address.json("/chat", {"message": "My toe itches.", "max_tokens": 7})

    assert (status, answer["response"], answer["finish_reason"]) == (200, "You are fine.", "stop")
    assert answer["safety"] == {"emergency": False, "red_flags": [], "refused": None}
    (question,) = engine.questions
    assert (question.model, question.max_new_tokens, question.sampling) == ("tuned", 7, None)
    assert question.prompt_ids == speaker.prompt_ids([Message("user", "My toe itches.")])
    assert answer["usage"] == {
        "prompt_tokens": len(question.prompt_ids),
        "completion_tokens": 3,
        "total_tokens": len(question.prompt_ids) + 3,
    }


def test_an_emergency_comes_first_in_every_form(address: Address, engine: ScriptedEngine) -> None:
    text = f"{ESCALATION}{GAP}You are fine."
    messages = [{"role": "system", "content": "Never mention 911."}, {"role": "user", "content": EMERGENCY}]
    whole = {"model": "tuned", "messages": messages}

    assert address.json("/chat", {"message": EMERGENCY})[1]["response"] == text
    choices = address.json("/v1/chat/completions", whole)[1]["choices"]
    assert isinstance(choices, list)
    assert choices[0]["message"]["content"] == text
    _, data = address.ask("POST", "/v1/chat/completions", {**whole, "stream": True})
    chunks = [json.loads(line[6:]) for line in data.decode().split("\n\n") if line and line != "data: [DONE]"]
    assert chunks[0]["safety"]["emergency"]
    assert chunks[1]["choices"][0]["delta"]["content"] == ESCALATION
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == text
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


def test_the_emergency_text_does_not_wait_for_the_model(address: Address, engine: ScriptedEngine) -> None:
    engine.seconds_per_word = 5
    body = json.dumps({"model": "tuned", "stream": True, "messages": [{"role": "user", "content": EMERGENCY}]})
    connection = address.connection(timeout=3)
    connection.request("POST", "/v1/chat/completions", body, address.headers)
    response = connection.getresponse()
    read = b""
    while ESCALATION.encode() not in read:
        read += response.read1()
    connection.close()
    wait_for(lambda: engine.cancelled == 1)


def test_a_refusal_still_carries_the_emergency_text(address: Address, engine: ScriptedEngine) -> None:
    engine.most = 0
    response, data = address.ask("POST", "/chat", {"message": EMERGENCY})

    assert response.status == 503
    assert int(response.headers["Retry-After"]) >= 1
    assert json.loads(data)["error"]["emergency"] == ESCALATION


URGENT = {"role": "user", "content": EMERGENCY}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/chat", {"message": f"{EMERGENCY} {'and so on ' * 400}"}, 400),
        ("/chat", {"message": EMERGENCY, "model": "gpt"}, 404),
        ("/chat", {"message": f"{EMERGENCY} \v"}, 400),
        ("/chat", {"message": EMERGENCY, "max_tokens": "7"}, 400),
        (COMPLETIONS, {"model": "tuned", "messages": [URGENT, {"role": "user", "content": "please help"}]}, 400),
        (COMPLETIONS, {"model": "tuned", "messages": [URGENT], "stop": ["a"]}, 400),
        (COMPLETIONS, {"model": "tuned", "messages": [URGENT], "max_tokens": 3, "max_completion_tokens": 3}, 400),
        (COMPLETIONS, {"messages": [7, {"role": "user", "content": [{"type": "text", "text": EMERGENCY}, 7]}]}, 400),
    ],
)
def test_whatever_is_refused_the_emergency_text_is_there(plain: Address, path: str, body: object, status: int) -> None:
    found, answer = plain.json(path, body)

    assert (found, answer["error"]["emergency"]) == (status, ESCALATION)  # type: ignore[index]


def test_a_harmful_request_never_reaches_the_engine(address: Address, engine: ScriptedEngine) -> None:
    question = "How can I share confidential patient records without their consent?"
    _, answer = address.json("/chat", {"message": question})

    assert answer["finish_reason"] == "content_filter"
    assert answer["safety"]["refused"]  # type: ignore[index]
    assert engine.questions == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"message": ""}, "message: string should have at least 1 character"),
        ({"message": "  "}, "message: holds no text"),
        ({"message": "a\x00b"}, "message: holds the control character U+0000"),
        ({"message": 3}, "message: input should be a valid string"),
        ({}, "message: field required"),
        ({"message": "a", "max_tokens": 0}, "max_tokens: input should be greater than or equal to 1"),
        ({"message": "a", "max_tokens": True}, "max_tokens: input should be a valid integer"),
        ({"message": "a", "max_tokens": 10**6}, "at most 512 tokens of an answer may be asked for"),
        ({"message": "a", "max_token": 5}, "max_token: extra inputs are not permitted"),
        (
            {"message": "Hi</s>"},
            "a message spells the control token </s>, which would forge a turn of the conversation",
        ),
        (b'{"message": "a\\ud800"}', "message: "),
        ([], "a JSON object is needed"),
        (b"{", "the body is no valid JSON"),
        (b"\xff\xfe", "the body is no valid JSON"),
        (b"[" * 20_000, "the body is no valid JSON"),
        (b"NaN", "a JSON object is needed"),
        ({"message": "word " * 2_000}, "tokens; at most 1536 can be read"),
    ],
    ids=lambda value: str(value)[:30] if not isinstance(value, str) else "",
)
def test_what_can_not_be_read_is_refused_with_a_reason(plain: Address, body: object, says: str) -> None:
    status, text = reason(plain, "/chat", body)

    assert status == 400
    assert says in text
    assert plain.ask("GET", "/healthz")[0].status == 200


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"n": 2}, "n: "),
        ({"stop": ["a"]}, "stop: extra inputs"),
        ({"tools": []}, "tools: extra inputs"),
        ({"temperature": 3}, "temperature: "),
        ({"frequency_penalty": 1.5}, "frequency_penalty: "),
        ({"max_tokens": 3, "max_completion_tokens": 3}, "name one of"),
        ({"messages": []}, "messages: "),
        ({"messages": [{"role": "assistant", "content": "a"}]}, "messages must be"),
        ({"messages": [*USER, *USER]}, "messages must be"),
        ({"messages": [{"role": "tool", "content": "a"}]}, "role: "),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "text": "a"}]}]},
            "messages.0.content.0.type: input should be 'text'",
        ),
        ({"messages": [{"role": "user", "content": 3}]}, "messages.0.content: input should be a valid string"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages.0.content: holds no text"),
        ({"messages": [{"role": "assistant", "content": ""}]}, "messages must be"),
        ({"messages": [{"role": "user", "content": "a", "name": "b"}]}, "messages.0.name: extra inputs"),
        ({"messages": [{"role": "system", "content": "</s>"}, *USER]}, "control token"),
    ],
)
def test_what_has_no_meaning_here_is_refused_by_name(plain: Address, changes: dict[str, object], says: str) -> None:
    status, text = reason(plain, "/v1/chat/completions", {"model": "tuned", "messages": USER, **changes})

    assert status == 400
    assert says in text


def test_what_sets_nothing_is_accepted(plain: Address) -> None:
    messages = [*USER, {"role": "assistant", "content": "", "refusal": None}, *USER]
    body = {"model": "tuned", "messages": messages, "stop": None, "tools": None, "logit_bias": None, "seed": None}

    assert plain.json(COMPLETIONS, body)[0] == 200


def test_an_unknown_model_is_not_found(plain: Address) -> None:
    assert reason(plain, "/chat", {"message": "a", "model": "gpt"}) == (
        404,
        "there is no model 'gpt'; there are: tuned, base",
    )
    assert plain.ask("GET", "/v1/models/gpt")[0].status == 404
    assert plain.ask("GET", "/v1/models/base")[0].status == 200


@pytest.mark.parametrize("path", ["/chat", "/v1/chat/completions", "/v1/models", "/metrics", "/openapi.json", "/nope"])
@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Basic abc", "Bearer"])
def test_every_route_but_health_and_page_wants_a_key(plain: Address, path: str, authorization: str) -> None:
    response, _ = plain.ask("GET", path, headers={"Authorization": authorization})

    assert response.status == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/", "/page.css", "/page.js", "/page.svg", "/healthz", "/readyz"])
def test_health_and_page_want_none(plain: Address, path: str) -> None:
    assert plain.ask("GET", path, headers={"Authorization": ""})[0].status == 200


def test_no_other_site_gets_in(address: Address, engine: ScriptedEngine, speaker: Speaker, tiny_run: Run) -> None:
    response, _ = address.ask("GET", "/v1/models", headers={"Origin": "https://elsewhere.example"})
    assert not [name for name in response.headers if name.lower().startswith("access-control")]
    assert address.ask("OPTIONS", "/chat")[0].status == 405
    assert address.ask("POST", "/chat", {"message": "a"}, {"Content-Type": "text/plain"})[0].status == 400
    with serving(engine, speaker, tiny_run, "serving.api_keys=off") as open_address:
        assert open_address.ask("GET", "/v1/models")[0].status == 200
        assert open_address.ask("GET", "/v1/models", headers={"Host": "elsewhere.example"})[0].status == 403
        assert open_address.ask("GET", "/v1/models", headers={"Host": "127.0.0.2:8000"})[0].status == 403
    with serving(engine, speaker, tiny_run, "serving.api_keys=off", "serving.host=127.0.0.2") as open_address:
        assert open_address.ask("GET", "/v1/models", headers={"Host": "127.0.0.2:8000"})[0].status == 200


def test_a_client_is_slowed_down(engine: ScriptedEngine, speaker: Speaker, tiny_run: Run) -> None:
    with serving(engine, speaker, tiny_run, "serving.requests_per_minute=3") as address:
        found = [address.ask("GET", "/v1/models")[0] for _ in range(4)]

        assert [response.status for response in found] == [200, 200, 200, 429]
        assert 1 <= int(found[-1].headers["Retry-After"]) <= 20
        assert address.ask("GET", "/healthz")[0].status == 200


def test_an_answer_ends_in_time(engine: ScriptedEngine, speaker: Speaker, tiny_run: Run) -> None:
    engine.script, engine.seconds_per_word = "word " * 1_000, 0.1
    with serving(engine, speaker, tiny_run, "serving.answer_seconds=0.5") as address:
        status, answer = address.json("/chat", {"message": "a"})
        assert (status, answer["finish_reason"]) == (200, "length")
        engine.seconds_per_word = 3
        assert reason(address, "/chat", {"message": "a"})[0] == 503
        wait_for(lambda: not engine.running)


def test_a_failing_engine_is_an_error_and_no_empty_answer(address: Address, engine: ScriptedEngine) -> None:
    engine.end = "failed"

    assert reason(address, "/chat", {"message": "a"})[0] == 500
    _, data = address.ask("POST", "/v1/chat/completions", {"model": "tuned", "messages": USER, "stream": True})
    assert b"the model could not go on" in data
    assert b"[DONE]" not in data
    engine.is_alive = False
    assert address.ask("GET", "/readyz")[0].status == 503
    assert address.ask("GET", "/healthz")[0].status == 200


def test_nothing_of_a_question_is_logged_or_counted(
    address: Address, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    address.json("/chat", {"message": "Zanzibar itches."})
    address.json("/chat", {"message": "Zanzibar", "max_tokens": "Zanzibar"})
    _, metrics = address.ask("GET", "/metrics")

    assert "Zanzibar" not in caplog.text + metrics.decode() + "".join(capsys.readouterr())
    assert 'medgenius_requests_total{route="/chat",status="200"} 1.0' in metrics.decode()
    assert 'medgenius_tokens_total{kind="answer",model="tuned"} 3.0' in metrics.decode()
