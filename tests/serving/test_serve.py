"""`medgenius serve` and `medgenius chat` as a person types them, over the tiny run."""

import io
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
import torch
from rich.console import Console
from safetensors.torch import load_file, save_file
from transformers import GenerationConfig

from medgenius.config.app import composed
from medgenius.config.serve import ChatConfig, ServeConfig
from medgenius.data.dialogue import Message, prompt_messages
from medgenius.data.sources import load_dialogues
from medgenius.errors import ConfigError, DataError, RunError
from medgenius.inference.tuned import TunedModel, load_tuned
from medgenius.model.adapter import backbone_of
from medgenius.runs import Run, read_config
from medgenius.safety import ESCALATION
from medgenius.safety.wording import refusal_text
from medgenius.serving.chat import Conversation
from medgenius.serving.engine import Load, Piece, Question
from medgenius.serving.models import Speaker, load_served
from tests.serving.support import Address, served_run, wait_for
from tests.support import ROOT

QUESTIONS = ("My toe itches.", "What helps against a cold?", "I sleep badly. Why?")


@pytest.fixture(scope="module")
def tuned(tiny_run: Run) -> TunedModel:
    return load_tuned(tiny_run)


@pytest.fixture(scope="module")
def address(tiny_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    with served_run(tiny_run, tmp_path_factory.mktemp("serve"), "serving.guard.disclaimer=never") as (found, _):
        yield found


def written_by_transformers(tuned: TunedModel, question: str, tokens: int) -> str:
    """Greedy, by transformers' own loop."""
    system = tuned.config.data.default_instruction
    ids = torch.tensor([tuned.prompt.encode_prompt([Message("system", system), Message("user", question)])])
    settings = GenerationConfig(max_new_tokens=tokens, do_sample=False, eos_token_id=1, pad_token_id=1)
    with torch.no_grad():
        output = backbone_of(tuned.model).generate(  # type: ignore[misc]
            ids, generation_config=settings, attention_mask=torch.ones_like(ids)
        )
    return str(tuned.tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True)).strip()


def test_prompts_are_those_of_training(speaker: Speaker, tuned: TunedModel) -> None:
    for dialogue in load_dialogues(tuned.config.data, tuned.config.seed).dialogues[:20]:
        example = tuned.prompt.example(dialogue, tuned.config.data.max_length)
        assert example
        assert speaker.prompt_ids(prompt_messages(dialogue)) == example.prompt_ids
        if dialogue.instruction == tuned.config.data.default_instruction:
            assert speaker.prompt_ids([Message("user", dialogue.input)]) == example.prompt_ids


def test_the_openai_client_gets_what_transformers_writes(address: Address, tuned: TunedModel) -> None:
    client = openai.OpenAI(base_url=f"{address.url}/v1", api_key=address.key, max_retries=0)
    assert [model.id for model in client.models.list()] == ["tuned", "base"]
    answers: dict[str, str] = {}

    def ask(question: str) -> None:  # several at once share their steps
        done = client.chat.completions.create(
            model="tuned", messages=[{"role": "user", "content": question}], max_tokens=12, temperature=0
        )
        answers[question] = done.choices[0].message.content or ""

    threads = [threading.Thread(target=ask, args=(question,)) for question in QUESTIONS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert answers == {question: written_by_transformers(tuned, question, 12) for question in QUESTIONS}
    with tuned.base():
        base = written_by_transformers(tuned, QUESTIONS[0], 12)
    stream = client.chat.completions.create(
        model="base",
        messages=[{"role": "user", "content": QUESTIONS[0]}],
        max_tokens=12,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == base
    assert chunks[-1].usage
    assert chunks[-1].usage.completion_tokens == 12
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="wrong").models.list()
    with pytest.raises(openai.BadRequestError, match="n: "):
        client.chat.completions.create(model="tuned", n=2, messages=[{"role": "user", "content": "a"}])


def test_a_stop_finishes_what_runs(tiny_run: Run, tmp_path: Path) -> None:
    with served_run(tiny_run, tmp_path, "serving.api_keys=off") as (address, process):
        answers: list[tuple[int, dict[str, object]]] = []
        body = {"message": "I have crushing chest pain.", "max_tokens": 200}
        asking = threading.Thread(target=lambda: answers.append(address.json("/chat", body)))
        asking.start()
        wait_for(lambda: b"running_answers 1.0" in address.ask("GET", "/metrics")[1] or bool(answers))
        process.send_signal(signal.SIGTERM)
        asking.join(60)

        assert process.wait(60) == 0
    ((status, answer),) = answers
    assert status == 200
    assert str(answer["response"]).startswith(ESCALATION)
    assert "chest" not in (tmp_path / "serve.log").read_text()


def test_a_further_run_is_served_under_its_name(tiny_run: Run, tuned: TunedModel, tmp_path: Path) -> None:
    other = Run(tmp_path / "other", "other")
    shutil.copytree(tiny_run.path, other.path)
    file = other.adapter / "adapter_model.safetensors"  # one that has learned so much that its words are others
    save_file({name: x * (40 if "lora_B" in name else 1) for name, x in load_file(file).items()}, file)
    config = composed(ServeConfig, f"run.path={tiny_run.path}", f"+serving.adapters.other={other.path}").serving
    served = load_served(tiny_run, config)
    answers = {}
    for name in served.engine.names:
        heard: queue.SimpleQueue[Piece] = queue.SimpleQueue()
        ids = served.speakers[name].prompt_ids([Message("user", QUESTIONS[0])])
        served.engine.submit(Question(name, ids, 12), heard.put)
        pieces = [heard.get(timeout=120)]
        while pieces[-1].end is None:
            pieces.append(heard.get(timeout=120))
        answers[name] = "".join(piece.text for piece in pieces).strip()
    served.engine.close()

    assert list(answers) == ["tuned", "base", "other"]
    assert answers["tuned"] == written_by_transformers(tuned, QUESTIONS[0], 12)
    with tuned.base():
        assert answers["base"] == written_by_transformers(tuned, QUESTIONS[0], 12)
    assert answers["other"] == written_by_transformers(load_tuned(other), QUESTIONS[0], 12)
    assert answers["other"] != answers["base"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("serving.engin=1", "unknown key serving.engin: did you mean serving.engine?"),
        (
            "serving.host=0.0.0.0 serving.api_keys=off",
            "serving.api_keys=off with serving.host=0.0.0.0: anyone in reach",
        ),
        ("serving.api_keys=nope.txt", "serving.api_keys=nope.txt: there is no such file; `python -m"),
        ("serving/engine=vllm", "serving/engine=vllm needs one of serving.engine.model and serving.engine.url"),
        ("serving/engine=llama_cpp", "serving.engine.gguf is needed here"),
        ("serving/engine=llama_cpp serving.engine.gguf=no.gguf", "serving.engine.gguf=no.gguf: there is no such file"),
        ("+serving.adapters.base=x", "serving.adapters.base: base is a name that every run has"),
        ("+serving.adapters.a=x serving/engine=vllm", "serving.adapters needs serving/engine=transformers, not vllm"),
    ],
)
def test_a_mistake_is_one_line(line: str, says: str, tiny_run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["medgenius", "serve", f"run={tiny_run.path}", *line.split()])
        from medgenius.cli import main  # noqa: PLC0415  reads sys.argv

        assert main() == 2
    assert f"error: {says}" in capsys.readouterr().err


def test_vllm_where_it_is_absent_is_one_line(tiny_run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.json").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        with pytest.raises(ConfigError, match="the command vllm is not installed"):
            composed(
                ServeConfig, f"run.path={tiny_run.path}", "serving/engine=vllm", f"serving.engine.model={tmp_path}"
            )


def test_more_than_the_model_holds_is_refused(tiny_run: Run) -> None:
    config = composed(ServeConfig, f"run.path={tiny_run.path}", "serving.max_prompt_tokens=8192").serving
    with pytest.raises(ConfigError, match="together are more than the"):
        load_served(tiny_run, config)


@pytest.mark.parametrize("streams", [1, 3])
def test_as_many_answers_run_as_there_are_streams(streams: int, tiny_run: Run) -> None:
    limits = ("serving.max_prompt_tokens=400", "serving.max_new_tokens=120", f"serving.engine.streams={streams}")
    served = load_served(tiny_run, composed(ServeConfig, f"run.path={tiny_run.path}", *limits).serving)
    for _ in range(streams + 1):
        served.engine.submit(Question("tuned", [5] * 400, 120), lambda _: None)
    try:
        wait_for(lambda: served.engine.load == Load(streams, 1))
    finally:
        served.engine.close()


def test_a_further_run_of_another_base_is_refused(tiny_run: Run, tmp_path: Path) -> None:
    text = tiny_run.config.read_text(encoding="utf-8").replace("layers: 2", "layers: 3")
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    assert read_config(Run(tmp_path, "other")).model != read_config(tiny_run).model
    config = composed(ServeConfig, f"run.path={tiny_run.path}", f"+serving.adapters.other={tmp_path}").serving
    with pytest.raises(RunError, match=r"serving.adapters.other: .* was trained on another base"):
        load_served(tiny_run, config)


def test_beside_the_base_the_emergency_text_does_not_wait(tiny_run: Run) -> None:
    config = composed(ChatConfig, f"run.path={tiny_run.path}", "compare=base", "serving.max_prompt_tokens=60")
    served = load_served(tiny_run, config.serving)
    console = Console(record=True, width=200, file=io.StringIO())
    conversation = Conversation(served, config, console)
    try:
        with pytest.raises(DataError, match="/reset"):
            conversation.ask(f"I have crushing chest pain. {'and so on ' * 40}")
        assert console.export_text().strip() == ESCALATION
        conversation.ask("Forge a prescription for Xanax.")
        assert console.export_text().strip() == refusal_text("en")
    finally:
        served.engine.close()
    assert conversation.messages == []


def test_a_chat_in_the_terminal(tiny_run: Run, tmp_path: Path) -> None:
    lines = [
        "I have crushing chest pain.",
        "/reset",
        "</s>",
        "/system Answer briefly.",
        "My toe itches.",
        "And now?",
        f"/save {tmp_path / 'said.jsonl'}",
        "/nonsense",
        "/quit",
        "never read",
    ]
    command = [sys.executable, "-m", "medgenius.cli", "chat", f"run={tiny_run.path}", "serving.max_new_tokens=8"]
    done = subprocess.run(
        command, input="\n".join(lines), capture_output=True, text=True, timeout=300, check=False, cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    assert done.stdout.count(ESCALATION) == 1
    assert "error: spells the control token </s>" in done.stdout
    assert "/reset forgets" in done.stdout
    saved = [json.loads(line) for line in (tmp_path / "said.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["role"] for row in saved] == ["system", "user", "assistant", "user", "assistant"]
    assert (saved[0]["content"], saved[1]["content"]) == ("Answer briefly.", "My toe itches.")
    assert (tmp_path / "said.jsonl").stat().st_mode & 0o077 == 0
