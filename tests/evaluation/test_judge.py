"""The rubric judge against a real server on loopback, which answers what each test tells it to."""

import json
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

import pytest

from medgenius.config.app import composed
from medgenius.config.evaluate import EvaluateConfig
from medgenius.config.evaluation import Criterion, JudgeConfig
from medgenius.data.dialogue import Dialogue
from medgenius.errors import ModelError
from medgenius.evaluation.endpoint import Endpoint
from medgenius.evaluation.items import DialogueItem, TriageItem
from medgenius.evaluation.judge import Judge, Verdicts, parse_verdict, rubric_score
from medgenius.evaluation.records import Answer

MET = '{"explanation": "it does", "criteria_met": true}'
NOT_MET = '{"explanation": "it does not", "criteria_met": false}'
ANSWER = Answer("Rest, and see a doctor.", 6, finished=True)
ITEM = DialogueItem("rows:1", Dialogue("", "Why is {criterion} swollen?", "Because.", "rows:1"), answered=True)


@dataclass
class Stub:
    """What was asked, and what is answered."""

    reply: Callable[[int, str], tuple[int, str]]
    """From the number of the request and the prompt: status and content"""
    prompts: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[dict[str, object]] = field(default_factory=list)
    url: str = ""


@contextmanager
def served(reply: Callable[[int, str], tuple[int, str]]) -> Iterator[Stub]:
    stub = Stub(reply)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                number = len(stub.prompts)
                stub.prompts.append(body["messages"][0]["content"])
                stub.headers.append({key.lower(): value for key, value in self.headers.items()})
                stub.bodies.append(body)
            status, content = stub.reply(number, stub.prompts[number])
            data = json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> JudgeConfig:
    folder = tmp_path_factory.mktemp("run")
    return composed(EvaluateConfig, f"run.path={folder}").evaluation.judge


def settings_of(shipped: JudgeConfig, stub: Stub, **changes: object) -> JudgeConfig:
    return shipped.model_copy(update={"endpoint": stub.url, **changes})


def judge_of(settings: JudgeConfig, folder: Path) -> Judge:
    endpoint = Endpoint.of(settings)
    quick = Endpoint(endpoint.url, endpoint.model, endpoint.key, 5.0, endpoint.retries, endpoint.max_tokens, 0.01)
    return Judge(settings, quick, Verdicts(folder / "judge.jsonl"))


def test_every_criterion_is_asked_and_points_add_up(shipped: JudgeConfig, tmp_path: Path) -> None:
    met = {line.criterion for line in shipped.rubric if line.points in {5, -4}}
    with served(lambda _, prompt: (200, MET if any(line in prompt for line in met) else NOT_MET)) as stub:
        (scored,) = judge_of(settings_of(shipped, stub), tmp_path)([(ITEM, ANSWER)])

    points = sum(line.points for line in shipped.rubric if line.criterion in met)
    assert scored == {"judge_score": points / sum(line.points for line in shipped.rubric if line.points > 0)}
    assert len(stub.prompts) == len(shipped.rubric)
    assert all("user: Why is {criterion} swollen?\n\nassistant: Rest, and see a doctor." in p for p in stub.prompts)
    assert all("{conversation}" not in prompt for prompt in stub.prompts)
    assert {body["model"] for body in stub.bodies} == {"judge"}
    assert {body["temperature"] for body in stub.bodies} == {0}


def test_nothing_is_asked_twice_even_after_a_kill(shipped: JudgeConfig, tmp_path: Path) -> None:
    with served(lambda *_: (200, MET)) as stub:
        settings = settings_of(shipped, stub)
        first = judge_of(settings, tmp_path)([(ITEM, ANSWER)])
        count = len(stub.prompts)
        file = tmp_path / "judge.jsonl"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        file.write_bytes(file.read_bytes()[:-20])  # killed while it wrote its last verdict
        assert judge_of(settings, tmp_path)([(ITEM, ANSWER)]) == first
        assert len(stub.prompts) == count + 1
        assert judge_of(settings, tmp_path)([(ITEM, ANSWER)]) == first
        assert len(stub.prompts) == count + 1
        judge_of(settings_of(shipped, stub, model="another"), tmp_path)([(ITEM, ANSWER)])
        assert len(stub.prompts) == 2 * count + 1
        judge_of(settings_of(shipped, stub, max_tokens=9), tmp_path)([(ITEM, ANSWER)])
        assert len(stub.prompts) == 3 * count + 1
    with served(lambda *_: (200, MET)) as other:  # another endpoint may have another judge behind the same name
        judge_of(settings_of(shipped, other), tmp_path)([(ITEM, ANSWER)])
        assert len(other.prompts) == count


def test_what_was_said_is_read_again_whatever_it_holds(tmp_path: Path) -> None:
    file = tmp_path / "judge.jsonl"
    Verdicts(file).put("a", True, "one\u2028two\x85three")
    with file.open("ab") as stream:
        stream.write('\n{"key": "b", "explanation": "hä'.encode()[:-1])  # killed within a character
    Verdicts(file).put("c", False, "")

    known = Verdicts(file)
    assert [known.get(key) for key in "abc"] == [True, None, False]


def test_a_busy_endpoint_is_asked_again(shipped: JudgeConfig, tmp_path: Path) -> None:
    with served(lambda number, _: (429 if number % 2 == 0 else 200, MET)) as stub:
        settings = settings_of(shipped, stub, workers=1)
        (scored,) = judge_of(settings, tmp_path)([(ITEM, ANSWER)])
    assert scored["judge_score"] is not None
    assert len(stub.prompts) == 2 * len(shipped.rubric)


def test_a_verdict_that_is_none_is_unparsed_and_never_no(shipped: JudgeConfig, tmp_path: Path) -> None:
    with served(lambda *_: (200, "Yes, it does.")) as stub:
        settings = settings_of(shipped, stub, retries=1, rubric=[Criterion(criterion="c", points=1, tags=[])])
        (scored,) = judge_of(settings, tmp_path)([(ITEM, ANSWER)])
    assert scored == {"judge_score": None}
    assert len(stub.prompts) == 2


@pytest.mark.parametrize(
    ("status", "says"), [(401, "status 401"), (500, "status 500"), (302, "status 302")], ids=["key", "broken", "moved"]
)
def test_an_endpoint_that_refuses_is_one_line(status: int, says: str, shipped: JudgeConfig, tmp_path: Path) -> None:
    with served(lambda *_: (status, "")) as stub:
        settings = settings_of(shipped, stub, retries=1, workers=1)
        with pytest.raises(ModelError, match=says) as raised:
            judge_of(settings, tmp_path)([(ITEM, ANSWER)])
    assert "\n" not in str(raised.value)
    assert len(stub.prompts) < len(shipped.rubric)


def test_no_server_is_one_line(shipped: JudgeConfig, tmp_path: Path) -> None:
    settings = shipped.model_copy(update={"endpoint": "http://127.0.0.1:9/v1", "retries": 0, "workers": 1})
    with pytest.raises(ModelError, match=r"gives no verdict: .*refused"):
        judge_of(settings, tmp_path)([(ITEM, ANSWER)])


def test_a_key_goes_only_where_one_is_set(
    shipped: JudgeConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(lambda *_: (200, MET)) as stub:
        settings = settings_of(shipped, stub, api_key_variable="A_JUDGES_KEY", workers=1)
        monkeypatch.delenv("A_JUDGES_KEY", raising=False)
        judge_of(settings, tmp_path / "a")([(ITEM, ANSWER)])
        monkeypatch.setenv("A_JUDGES_KEY", "s3cret")
        judge_of(settings, tmp_path / "b")([(ITEM, ANSWER)])
    assert "authorization" not in stub.headers[0]
    assert stub.headers[-1]["authorization"] == "Bearer s3cret"
    assert "s3cret" not in (tmp_path / "b" / "judge.jsonl").read_text()


def test_only_dialogues_are_judged(shipped: JudgeConfig, tmp_path: Path) -> None:
    with served(lambda *_: (200, MET)) as stub:
        scored = judge_of(settings_of(shipped, stub), tmp_path)([(TriageItem("t", "pain", escalate=True), ANSWER)])
    assert scored == [{}]
    assert not stub.prompts


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (MET, (True, "it does")),
        (f"```json\n{NOT_MET}\n```", (False, "it does not")),
        ('{"criteria_met": true}', (True, "")),
        ('{"criteria_met": "true"}', None),
        ("[true]", None),
        ("{broken}", None),
        ("", None),
    ],
)
def test_a_verdict_is_read_strictly(text: str, verdict: tuple[bool, str] | None) -> None:
    assert parse_verdict(text) == verdict


def test_a_rubric_score_is_points_gained_over_points_possible() -> None:
    rubric = [
        Criterion(criterion="a", points=5, tags=[]),
        Criterion(criterion="b", points=3, tags=[]),
        Criterion(criterion="c", points=-6, tags=[]),
    ]
    assert rubric_score(rubric, {"a": True, "b": False, "c": False}) == 5 / 8
    assert rubric_score(rubric, {"a": False, "b": False, "c": True}) == -6 / 8
    assert rubric_score(rubric, {"a": True, "b": None, "c": True}) is None


def test_settings_that_cannot_be_scored_are_refused(shipped: JudgeConfig) -> None:
    for changes, says in (
        ({"prompt": "no fields"}, "must hold {conversation}"),
        ({"rubric": [{"criterion": "c", "points": -1, "tags": []}]}, "needs a criterion with points above 0"),
        ({"endpoint": "ftp://there"}, "must be a URL"),
    ):
        with pytest.raises(ValueError, match=says):
            JudgeConfig.model_validate({**shipped.model_dump(), **cast("dict[str, object]", changes)})
