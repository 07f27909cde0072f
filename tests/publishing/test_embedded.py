"""The embedded LLaMA, trained for two steps and published: the same tokens and answers in llama.cpp."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from huggingface_hub import ModelCard
from transformers import AutoTokenizer

from medgenius.data.dialogue import prompt_messages
from medgenius.data.prompt import Prompt
from medgenius.data.sources import load_dialogues
from medgenius.publishing.fidelity import load_plain
from tests.llama_cpp import LlamaCpp
from tests.support import ROOT, composed, greedy, templated

pytestmark = pytest.mark.slow


def run_line(*line: str) -> str:
    done = subprocess.run([sys.executable, *line], cwd=ROOT, capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Published with the limits that ship, since this is a model that people use."""
    root = tmp_path_factory.mktemp("embedded")
    settings = ("trainer.max_steps=2", "data.max_rows=60", "tracking=off")
    run_line("train.py", *settings, f"run.root={root}", "run.name=smol")
    line = ("publish", f"run={root}/smol", f"output={root}/out", "publish.force=true", "publish.verify=true")
    run_line("-m", "medgenius.cli", *line)
    return root / "out"


def test_the_merge_is_the_model_that_was_trained(folder: Path) -> None:
    record = json.loads((folder / "publish.json").read_text())
    assert record["objections"] == ["it was not evaluated: medgenius evaluate run=… first"]
    assert record["verified"]["agreement"] >= 0.65


def test_the_card_names_the_base_and_its_licence(folder: Path) -> None:
    data = ModelCard.load(folder / "README.md").data
    assert (data.base_model, data.license) == ("HuggingFaceTB/SmolLM2-135M-Instruct", "apache-2.0")


def test_a_hundred_prompts_have_the_same_tokens_and_the_answers_agree(folder: Path) -> None:
    config = composed()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    prompt = Prompt(config.prompt, tokenizer)
    llama = LlamaCpp(folder / "gguf" / "smol-F16.gguf")
    asked = [prompt_messages(dialogue) for dialogue in load_dialogues(config.data, 0).dialogues[:100]]
    for messages in asked:
        ids = prompt.encode_prompt(messages)
        assert templated(tokenizer, messages) == ids
        assert llama.tokens(llama.prompt(messages)) == ids

    plain = load_plain(folder, torch.float32, torch.device("cpu"))
    equal = total = 0
    for messages in asked[:5]:
        ids = prompt.encode_prompt(messages)
        expected = greedy(plain, ids, 24)
        answer = llama.answer(ids, 24)
        total += len(expected)
        equal += sum(a == b for a, b in zip(answer, expected, strict=False))
    assert equal >= 0.9 * total


@pytest.mark.parametrize(("kind", "near"), [("Q8_0", 0.85), ("Q4_0", 0.5)])
def test_the_quantised_files_answer_as_far_as_their_bits_go(folder: Path, kind: str, near: float) -> None:
    config = composed()
    prompt = Prompt(config.prompt, AutoTokenizer.from_pretrained(folder))
    llama = LlamaCpp(folder / "gguf" / f"smol-{kind}.gguf")
    plain = load_plain(folder, torch.float32, torch.device("cpu"))
    same = total = 0
    for dialogue in load_dialogues(config.data, 0).dialogues[:8]:
        ids = prompt.encode_prompt(prompt_messages(dialogue))
        expected = greedy(plain, ids, 8)
        for number, token in enumerate(expected):  # each after the same tokens
            same += llama.answer([*ids, *expected[:number]], 1) == [token]
            total += 1
    print(f"{kind}: the same next token in {same} of {total}")
    assert same >= near * total
