"""The hand-over to vLLM's server, with a process that speaks its protocol in its place."""

import queue
import sys
from pathlib import Path

import pytest

from medgenius.config.app import composed
from medgenius.config.serve import ServeConfig
from medgenius.config.serving.answering import AnsweringConfig
from medgenius.errors import ModelError
from medgenius.runs import Run
from medgenius.serving.engine import Piece, Question
from medgenius.serving.vllm import VllmEngine, command


@pytest.fixture
def config(tiny_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AnsweringConfig:
    stub = tmp_path / "vllm"
    stub.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("vllm_stub.py")} "$@"\n')
    stub.chmod(0o755)
    (tmp_path / "config.json").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    overrides = ["serving/engine=vllm", f"serving.engine.model={tmp_path}", "serving.engine.streams=2"]
    return composed(ServeConfig, f"run.path={tiny_run.path}", *overrides).serving


def test_it_is_started_asked_in_tokens_and_ended(config: AnsweringConfig) -> None:
    assert config.engine.name == "vllm"
    engine = VllmEngine(config.engine, config)
    heard: queue.SimpleQueue[Piece] = queue.SimpleQueue()
    engine.submit(Question("tuned", [5, 6, 7, 8], 3), heard.put)
    pieces = [heard.get(timeout=30)]
    while pieces[-1].end is None:
        pieces.append(heard.get(timeout=30))
    process = engine._process

    assert [piece.text for piece in pieces] == ["6 ", "7 ", "8 ", ""]
    assert (sum(piece.tokens for piece in pieces), pieces[-1].end) == (3, "length")
    assert engine.is_alive
    engine.close()
    assert process is not None
    assert process.poll() is not None


def test_a_server_that_ends_is_one_line(config: AnsweringConfig) -> None:
    assert config.engine.name == "vllm"
    failing = config.engine.model_copy(update={"arguments": ["--fail"]})
    with pytest.raises(ModelError, match="vllm serve ended with status 3"):
        VllmEngine(failing, config)


def test_no_list_of_processes_shows_the_key_and_no_log_a_prompt(config: AnsweringConfig) -> None:
    assert config.engine.name == "vllm"
    words = command(config.engine, config, 1234)

    assert "--no-enable-log-requests" in words
    assert "--api-key" not in words
    assert words[words.index("--max-model-len") + 1] == str(config.max_prompt_tokens + config.max_new_tokens)
