"""A run directory as a model: the numbers of plain PEFT, and one line for each kind of damage."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from medgenius.data.prompt import Prompt
from medgenius.data.steps import Pass
from medgenius.errors import RunError
from medgenius.inference.tuned import TunedModel, load_tuned
from medgenius.model.adapter import backbone_of
from medgenius.model.loss import target_loss_sum
from medgenius.runs import Run
from tests.support import plain_twin, random_examples


@pytest.fixture(scope="module")
def tuned(tiny_run: Run) -> TunedModel:
    return load_tuned(tiny_run)


def test_it_computes_what_plain_peft_computes_from_the_same_file(tuned: TunedModel, tiny_run: Run) -> None:
    twin = plain_twin(tuned.model)  # without dropout; in evaluation bitsandbytes would repack and round its weights
    state = load_file(tiny_run.adapter / "adapter_model.safetensors")
    for name, tensor in state.items():
        torch.testing.assert_close(twin.get_parameter(name.replace(".weight", ".default.weight")), tensor)
    ids = torch.tensor([[5, 80, 40, 33, 9, 120]])
    ours = backbone_of(tuned.model)(ids, attention_mask=torch.ones_like(ids)).logits
    wanted = backbone_of(twin)(ids).logits
    assert (ours - wanted).norm() < 0.02 * wanted.norm()  # both in bf16, in another order


def test_base_is_the_model_without_its_adapter(tuned: TunedModel) -> None:
    piece = Pass.of(random_examples((5, 7), (3, 9)))
    with torch.no_grad(), tuned.base():
        base = target_loss_sum(tuned.model, piece)
    with torch.no_grad():
        assert target_loss_sum(tuned.model, piece) != base
    assert not any(parameter.requires_grad for parameter in tuned.model.parameters())


def test_the_tokenizer_beside_the_adapter_says_the_same_prompt(tuned: TunedModel, tiny_run: Run) -> None:
    assert tuned.tokenizer.chat_template == (tiny_run.adapter / "chat_template.jinja").read_text(encoding="utf-8")
    assert isinstance(tuned.prompt, Prompt)


def lost(adapter: Path) -> None:
    (adapter / "adapter_model.safetensors").unlink()


def cut(adapter: Path) -> None:
    file = adapter / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:100])


def of_another_rank(adapter: Path) -> None:
    file = adapter / "adapter_model.safetensors"
    save_file({name: torch.cat((x, x), int("lora_B" in name)) for name, x in load_file(file).items()}, file)


def with_one_gone(adapter: Path) -> None:
    file = adapter / "adapter_model.safetensors"
    state = load_file(file)
    state.popitem()
    save_file(state, file)


def with_one_too_many(adapter: Path) -> None:
    file = adapter / "adapter_model.safetensors"
    save_file({**load_file(file), "base_model.model.model.extra.lora_A.weight": torch.zeros(2)}, file)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lost, "has no trained adapter: adapter/adapter_model.safetensors is missing"),
        (cut, "adapter_model.safetensors can't be read: "),
        (of_another_rank, "does not fit .*config.yaml: size mismatch"),
        (with_one_gone, "does not fit .*config.yaml: it lacks base_model"),
        (with_one_too_many, "does not fit .*config.yaml: unknown to it: base_model"),
    ],
)
def test_a_damaged_adapter_is_one_line(
    damage: Callable[[Path], None], says: str, tiny_run: Run, tmp_path: Path
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(tiny_run.path, copy)
    damage(copy / "adapter")
    with pytest.raises(RunError, match=says) as raised:
        load_tuned(Run(copy, "run"))
    assert "\n" not in str(raised.value)


def test_a_folder_that_is_no_run_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"is no run directory: it has no config\.yaml"):
        load_tuned(Run(tmp_path, "run"))
