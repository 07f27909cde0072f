"""What a hub model must bring: all of its tensors, and nothing that would be computed wrongly."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from medgenius.errors import ModelError
from tests.model.folders import edit, hub, load, load_part, tiny_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_folder(tmp_path)


def rewritten(folder: Path, tensors: dict[str, torch.Tensor]) -> None:
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize("quantization", ["none", "nf4"])
def test_a_model_without_some_of_its_tensors_is_refused(quantization: str, folder: Path) -> None:
    """transformers would draw them at random."""
    tensors = load_file(folder / "model.safetensors")
    left = {name: tensor for name, tensor in tensors.items() if "layers.1." not in name}
    assert len(left) < len(tensors)
    rewritten(folder, left)

    with pytest.raises(
        ModelError, match=rf"{len(tensors) - len(left)} of its tensors are not in its files, as model\.layers\.1"
    ):
        load_part("model", hub(folder, quantization=quantization))


def test_a_head_of_its_own_that_was_not_saved_is_refused(folder: Path) -> None:
    load(hub(folder))  # tied, it needs none
    edit(folder / "config.json", tie_word_embeddings=False)

    with pytest.raises(ModelError, match=r"1 of its tensors are not in its files, as lm_head\.weight"):
        load_part("model", hub(folder))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"attention_bias": True}, "has biases in its linear layers"),
        ({"mlp_bias": True}, "has biases in its linear layers"),
        ({"hidden_act": "gelu"}, "has hidden_act=gelu"),
        (
            {
                "rope_parameters": {
                    "rope_type": "longrope",
                    "rope_theta": 1e4,
                    "short_factor": [1.0] * 8,
                    "long_factor": [4.0] * 8,
                    "original_max_position_embeddings": 64,
                }
            },
            "has rope_type=longrope",
        ),
        (
            {
                "rope_parameters": {
                    "rope_type": "linear",
                    "rope_theta": 1e4,
                    "factor": 2.0,
                    "partial_rotary_factor": 0.5,
                }
            },
            r"has partial_rotary_factor=0\.5",
        ),
        ({"num_hidden_layers": 0}, "has num_hidden_layers=0"),
    ],
)
def test_a_llama_that_would_be_computed_wrongly_is_refused(changes: dict[str, object], says: str, folder: Path) -> None:
    edit(folder / "config.json", **changes)

    with pytest.raises(ModelError, match=says):
        load_part("model", hub(folder))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"intermediate_size": 64}, r"have another shape in its files, as model\.layers\.0\.mlp\.down_proj\.weight"),
        ({"num_hidden_layers": 1}, r"have no place in a LLaMA of its config\.json, as model\.layers\.1\."),
        ({"num_hidden_layers": "two"}, "can't be loaded: .*num_hidden_layers"),
        ({"num_attention_heads": 0}, "can't be loaded"),
        ({"rope_parameters": {"rope_type": "llama3", "rope_theta": 1e4}}, "can't be loaded: .*low_freq_factor"),
        ({"pad_token_id": 99_999}, "can't be loaded"),
    ],
)
def test_a_config_that_makes_no_sense_for_its_files_is_one_line(
    changes: dict[str, object], says: str, folder: Path
) -> None:
    edit(folder / "config.json", **changes)

    with pytest.raises(ModelError, match=says) as refusal:
        load_part("model", hub(folder))
    assert len(str(refusal.value).splitlines()) == 1


def test_biases_of_which_the_config_says_nothing_are_refused(folder: Path) -> None:
    """transformers would leave them out, and compute another model."""
    biases = {f"model.layers.{layer}.self_attn.q_proj.bias": torch.ones(64) for layer in (0, 1)}
    rewritten(folder, load_file(folder / "model.safetensors") | biases)

    with pytest.raises(
        ModelError, match=r"2 of its tensors have no place .* as model\.layers\.0\.self_attn\.q_proj\.bias"
    ):
        load_part("model", hub(folder))


def test_frequencies_that_old_files_hold_are_no_matter(folder: Path) -> None:
    old = {"model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(8)}
    rewritten(folder, load_file(folder / "model.safetensors") | old)

    load_part("model", hub(folder))


def test_a_tokenizer_that_cannot_be_read_is_one_line(folder: Path) -> None:
    (folder / "tokenizer.json").write_text('{"version": "9.0", "model": {"type": "New"}}')

    with pytest.raises(ModelError, match="can't be loaded: ") as refusal:
        load_part("tokenizer", hub(folder))
    assert len(str(refusal.value).splitlines()) == 1
