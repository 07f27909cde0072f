"""Unsloth as a back end: what it is given, tried on the plain model of the same interface, and where it is refused.

Unsloth itself needs CUDA. transformers' own LLaMA takes the same inputs and the same number of items, and finds the
dialogues of a row by their positions.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from peft import PeftModel

from medgenius.data.steps import IGNORE, Pass
from medgenius.errors import ConfigError, ModelError
from medgenius.model import backend, loss, unsloth
from medgenius.model.backend import load_trainable
from tests.support import ROOT, cache_dir, composed, plain_twin, random_examples, tiny_model

_HUB = ("model=llama3_2_1b", "model.backend=unsloth")
has_unsloth = torch.cuda.is_available() and importlib.util.find_spec("unsloth") is not None


@given(
    lengths=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=6), prefix=st.integers(0, 5)
)
def test_unsloth_is_given_every_dialogue_whole(lengths: list[tuple[int, int]], prefix: int) -> None:
    examples = random_examples(*lengths, prefix=prefix)
    inputs = unsloth.inputs_of(Pass.of(examples))
    assert inputs["packed_seq_lengths"].tolist() == [len(example) for example in examples]
    ids, positions, labels = (
        [*x[0].split(inputs["packed_seq_lengths"].tolist())]
        for x in (inputs["input_ids"], inputs["position_ids"], inputs["labels"])
    )
    for example, its_ids, its_positions, its_labels in zip(examples, ids, positions, labels, strict=True):
        assert its_ids.tolist() == example.prompt_ids + example.answer_ids
        assert its_positions.tolist() == list(range(len(example)))
        assert its_labels.tolist() == [IGNORE] * len(example.prompt_ids) + example.answer_ids


@pytest.fixture(scope="module")
def model() -> PeftModel:
    return tiny_model("lora.dropout=0.0", "model.quantization=none")


@pytest.mark.parametrize("prefix", [0, 20])
def test_its_loss_and_gradients_on_the_plain_model_equal_ours(model: PeftModel, prefix: int) -> None:
    piece = Pass.of(random_examples((3, 5), (40, 2), (1, 1), (17, 60), prefix=prefix))
    assert piece.layout.prefix == prefix
    twin = plain_twin(model)
    model.zero_grad()
    ours, theirs = loss.target_loss_sum(model, piece), unsloth.target_loss_sum(twin, piece)
    ours.backward()
    theirs.backward()
    assert theirs.item() == pytest.approx(ours.item(), rel=1e-6)
    found = {name: p.grad for name, p in twin.named_parameters() if p.grad is not None}
    wanted = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert found.keys() == wanted.keys()
    for name, gradient in wanted.items():
        assert (found[name] - gradient).norm() < 1e-5 * gradient.norm(), name


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("trainer.accelerator=cpu", "trainer.accelerator=cpu"),
        ("trainer.precision=fp32", "trainer.precision=fp32"),
        ("model.cache_dequantized=true", "model.cache_dequantized=true"),
        ("model=tiny", "model.source=random"),
    ],
)
def test_what_unsloth_has_no_equal_of_is_refused(override: str, named: str) -> None:
    with pytest.raises(ConfigError, match=f"model.backend=unsloth with {named}: Unsloth"):
        composed(*_HUB, override)


def test_without_cuda_the_command_line_says_so_before_anything_is_loaded_or_written(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "train.py", *_HUB, f"run.root={tmp_path}/runs"],
        cwd=ROOT,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: model.backend=unsloth: no CUDA device is visible here; use model.backend=medgenius\n"
    )
    assert not (tmp_path / "runs").exists()


def test_an_absent_package_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "unsloth" else object())
    with pytest.raises(ConfigError, match=r"not installed: type `pip install 'medgenius\[unsloth\]'`"):
        composed(*_HUB)


def test_our_own_back_end_is_refused_once_unsloth_has_changed_transformers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "unsloth", ModuleType("unsloth"))
    with pytest.raises(ModelError, match=r"model\.backend=medgenius: Unsloth has changed"):
        load_trainable(composed("model=tiny"), cache_dir(), torch.float32, torch.device("cpu"))


def test_our_own_back_end_is_the_default() -> None:
    trainable = backend.load_trainable(composed("model=tiny"), cache_dir(), torch.float32, torch.device("cpu"))
    assert trainable.loss_sum is loss.target_loss_sum


_ON_CUDA = """
import sys
from pathlib import Path
from medgenius.model.libraries import import_unsloth
import_unsloth()
import torch
from medgenius.data.steps import Pass
from medgenius.model.backend import load_trainable
from tests.support import ROOT, cache_dir, composed, random_examples
config = composed("model.backend=unsloth", "lora.dropout=0.0")
loaded = load_trainable(config, cache_dir(), torch.bfloat16, torch.device("cuda"))
one, two = random_examples((30, 40), (9, 70), prefix=20)
apart = [loaded.loss_sum(loaded.model, Pass.of([x]).to(torch.device("cuda"))) for x in (one, two)]
both = loaded.loss_sum(loaded.model, Pass.of([one, two]).to(torch.device("cuda")))
both.backward()
gradients = [p.grad for p in loaded.model.parameters() if p.requires_grad]
assert all(g is not None and g.dtype == torch.float32 for g in gradients)
assert abs(both.item() / sum(x.item() for x in apart) - 1) < 1e-2, (both, apart)
"""


@pytest.mark.skipif(not has_unsloth, reason="needs CUDA and the package unsloth")
def test_unsloth_itself_adds_up_over_dialogues() -> None:
    """In a process of its own, since Unsloth changes transformers."""
    done = subprocess.run([sys.executable, "-c", _ON_CUDA], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
