"""Poisoned models: each payload would leave a file behind if it were loaded; each is refused in one line."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file

from medgenius.errors import ModelError
from tests.model.folders import edit, hub, load, load_part, tiny_folder


class _Payload:
    """A pickle that makes a file when it is loaded."""

    def __init__(self, ran: Path) -> None:
        self._ran = ran

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self._ran,)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_folder(tmp_path)


def poison(file: Path) -> None:
    file.write_bytes(pickle.dumps({"weight": _Payload(file.parents[1] / "ran")}))


def code(file: Path, ran: Path) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(
        f"import pathlib\npathlib.Path({str(ran)!r}).touch()\n"
        "from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast\n"
        "class Config(LlamaConfig): model_type = 'llama'\nclass Model(LlamaForCausalLM): pass\n"
        "class Words(PreTrainedTokenizerFast): pass\n"
    )


def test_the_folder_itself_loads(folder: Path) -> None:
    load(hub(folder))


def a_pickle_alone(folder: Path, ran: Path) -> str:
    (folder / "model.safetensors").unlink()
    poison(folder / "pytorch_model.bin")
    return "its weights are a pickle (pytorch_model.bin)"


def a_pickle_of_another_name(folder: Path, ran: Path) -> str:
    (folder / "model.safetensors").unlink()
    poison(folder / "model.pt")
    return "its weights are a pickle (model.pt)"


def custom_model(folder: Path, ran: Path) -> str:
    code(folder / "modeling_evil.py", ran)
    edit(
        folder / "config.json",
        auto_map={"AutoConfig": "modeling_evil.Config", "AutoModelForCausalLM": "modeling_evil.Model"},
    )
    return "brings code of its own (modeling_evil.py)"


def custom_model_of_an_unknown_kind(folder: Path, ran: Path) -> str:
    edit(folder / "config.json", model_type="evil")
    return custom_model(folder, ran)


def custom_tokenizer(folder: Path, ran: Path) -> str:
    code(folder / "words.py", ran)
    edit(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["words.Words", None]}, tokenizer_class="Words")
    return "brings code of its own (words.py)"


def code_of_another_repository(folder: Path, ran: Path) -> str:
    edit(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["someone/else--words.Words", None]})
    return "needs code of its own (auto_map in tokenizer_config.json)"


def custom_generation(folder: Path, ran: Path) -> str:
    code(folder / "custom_generate/generate.py", ran)
    return "brings code of its own (custom_generate/generate.py)"


def an_adapter_beside_it(folder: Path, ran: Path) -> str:
    edit(folder / "adapter_config.json", peft_type="LORA", r=4, target_modules=["q_proj"], base_model_name_or_path="x")
    poison(folder / "adapter_model.bin")
    return "is an adapter or holds one (adapter_config.json)"


def an_index_that_names_a_pickle(folder: Path, ran: Path) -> str:
    names = list(load_file(folder / "model.safetensors"))
    (folder / "model.safetensors").unlink()
    poison(folder / "shard.bin")
    index = {"metadata": {}, "weight_map": dict.fromkeys(names, "shard.bin")}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return "model.safetensors.index.json names shard.bin"


def foreign_quantization(folder: Path, ran: Path) -> str:
    edit(folder / "config.json", quantization_config={"quant_method": "torchao"})
    return "is quantised by torchao"


def eight_bits(folder: Path, ran: Path) -> str:
    edit(folder / "config.json", quantization_config={"quant_method": "bitsandbytes", "load_in_8bit": True})
    return "is quantised to 8 bits"


def damaged_settings(folder: Path, ran: Path) -> str:
    (folder / "config.json").write_text("{")
    return "config.json is not valid JSON"


@pytest.mark.parametrize(
    "make",
    [
        a_pickle_alone,
        a_pickle_of_another_name,
        custom_model,
        custom_model_of_an_unknown_kind,
        custom_tokenizer,
        code_of_another_repository,
        custom_generation,
        an_adapter_beside_it,
        an_index_that_names_a_pickle,
        foreign_quantization,
        eight_bits,
        damaged_settings,
    ],
)
@pytest.mark.parametrize("part", ["tokenizer", "model"])
def test_a_poisoned_model_is_refused_and_nothing_of_it_runs(
    make: Callable[[Path, Path], str], part: str, folder: Path, tmp_path: Path
) -> None:
    expected = make(folder, tmp_path / "ran")
    config = hub(folder)

    with pytest.raises(ModelError) as refused:
        load_part(part, config)

    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"model.repository={folder}"[:100])
    assert expected in line
    assert not (tmp_path / "ran").exists()


def test_weights_that_are_said_to_be_quantised_and_are_not_are_refused(folder: Path) -> None:
    """They would be trained on in full precision, and called 4-bit ones ever after."""
    with pytest.raises(ModelError, match=r"is not quantised: say model\.quantization=nf4 or none"):
        load(hub(folder, quantization="prequantized"))


def test_a_pickle_called_safetensors_is_refused(folder: Path, tmp_path: Path) -> None:
    poison(folder / "model.safetensors")

    with pytest.raises(ModelError) as refused:
        load(hub(folder))

    assert len(str(refused.value).splitlines()) == 1
    assert not (tmp_path / "ran").exists()


def test_the_payload_does_run_where_it_is_loaded(tmp_path: Path) -> None:
    """Otherwise none of these tests could fail."""
    (tmp_path / "model").mkdir()
    poison(tmp_path / "model/pytorch_model.bin")
    pickle.loads((tmp_path / "model/pytorch_model.bin").read_bytes())

    assert (tmp_path / "ran").exists()
