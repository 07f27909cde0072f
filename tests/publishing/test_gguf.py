"""GGUF: the weights that were merged, under llama.cpp's own order, names and tokenizer; and llama.cpp itself."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from gguf import GGUFReader, dequantize
from safetensors.torch import load_file
from tokenizers import Regex, pre_tokenizers
from transformers import AutoTokenizer, LlamaConfig
from transformers.models.llama.modeling_llama import rotate_half

from medgenius.data.dialogue import Message, prompt_messages
from medgenius.data.prompt import Prompt
from medgenius.data.sources import load_dialogues
from medgenius.errors import ModelError
from medgenius.inference.tuned import load_tuned
from medgenius.model.pre_tokenizer import PRE_TOKENIZERS
from medgenius.publishing.fidelity import load_plain
from medgenius.publishing.gguf_file import for_adjacent_pairs, frequency_factors
from medgenius.publishing.gguf_tokenizer import read_vocabulary
from medgenius.runs import Run
from tests.llama_cpp import LlamaCpp
from tests.support import composed, greedy, templated

Published = tuple[Path, str]


def test_turning_adjacent_pairs_gives_the_attention_of_turning_halves() -> None:
    """The twin rotates as llama.cpp does: features 2i and 2i + 1 of a head as one complex number."""
    heads, width, hidden = 3, 8, 24
    weight_q, weight_k = torch.randn(heads * width, hidden), torch.randn(heads * width, hidden)
    x, angles = torch.randn(5, hidden), torch.outer(torch.arange(5.0), torch.tensor([1.0, 0.4, 0.1, 0.03]))

    def halves(weight: torch.Tensor) -> torch.Tensor:
        y = (x @ weight.T).reshape(5, heads, width)
        both = torch.cat((angles, angles), -1)[:, None]
        turned: torch.Tensor = y * both.cos() + rotate_half(y) * both.sin()
        return turned

    def pairs(weight: torch.Tensor) -> torch.Tensor:
        y = torch.view_as_complex((x @ for_adjacent_pairs(weight, heads).T).reshape(5, heads, width // 2, 2))
        return torch.view_as_real(y * torch.polar(torch.ones_like(angles), angles)[:, None]).flatten(-2)

    wanted = torch.einsum("qhd,khd->hqk", halves(weight_q), halves(weight_k))
    torch.testing.assert_close(torch.einsum("qhd,khd->hqk", pairs(weight_q), pairs(weight_k)), wanted)


def test_llama_3s_frequencies_are_scaled_as_its_formula_says() -> None:
    """The formula of Meta's `apply_scaling`, written out."""
    rope = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 32.0, "low_freq_factor": 1.0}
    rope |= {"high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
    config = LlamaConfig(hidden_size=128, num_attention_heads=2, head_dim=64, rope_parameters=rope)

    factors = frequency_factors(config)

    assert factors is not None
    for i, factor in enumerate(factors.tolist()):
        wavelength = 2 * math.pi * 500000.0 ** (2 * i / 64)
        smooth = min(1.0, max(0.0, (8192 / wavelength - 1.0) / 3.0))
        assert factor == pytest.approx(1 / ((1 - smooth) / 32 + smooth), rel=1e-5)
    assert frequency_factors(LlamaConfig()) is None
    with pytest.raises(ModelError, match="rope_type=yarn"):
        frequency_factors(LlamaConfig(rope_parameters={"rope_type": "yarn", "rope_theta": 1e4, "factor": 2.0}))


@pytest.mark.parametrize(("kind", "largest"), [("F16", 0.001), ("Q8_0", 0.01), ("Q4_0", 0.13)])
def test_each_file_holds_the_merged_weights(published: Published, kind: str, largest: float) -> None:
    folder, _ = published
    merged = load_file(folder / "model.safetensors")
    found = {tensor.name: tensor for tensor in GGUFReader(folder / "gguf" / f"r-4-tiny-{kind}.gguf").tensors}
    names = {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.layers.1.mlp.up_proj.weight": "blk.1.ffn_up.weight",
    }
    names |= {
        "model.norm.weight": "output_norm.weight",
        "model.layers.0.self_attn.o_proj.weight": "blk.0.attn_output.weight",
    }
    assert len(found) == len(merged)

    for ours, theirs in names.items():
        weight = merged[ours].float().numpy()
        data = dequantize(found[theirs].data, found[theirs].tensor_type).reshape(weight.shape)
        assert np.abs(data - weight).max() <= largest * np.abs(weight).max(), ours


def test_the_vocabulary_is_the_tokenizers(published: Published) -> None:
    tokenizer = AutoTokenizer.from_pretrained(published[0])
    vocabulary = read_vocabulary(published[0], len(tokenizer) + 2)

    assert vocabulary.pre == "gpt-2"
    assert vocabulary.tokens == [*tokenizer.convert_ids_to_tokens(list(range(len(tokenizer)))), "[PAD259]", "[PAD260]"]
    assert [int(kind) for kind in vocabulary.types[:4]] == [3, 3, 3, 1]
    assert int(vocabulary.types[-1]) == 5


def test_ways_to_split_text_are_told_apart_by_what_they_do(published: Published, tmp_path: Path) -> None:
    whole = json.loads((published[0] / "tokenizer.json").read_text())
    byte_level, digits = pre_tokenizers.ByteLevel(add_prefix_space=False), pre_tokenizers.Digits(individual_digits=True)
    plain = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    another = pre_tokenizers.Split(Regex("a|b"), "isolated")

    def pre(part: pre_tokenizers.PreTokenizer, *, ignore_merges: bool = False) -> str:
        whole["pre_tokenizer"] = json.loads(part.__getstate__())
        whole["model"]["ignore_merges"] = ignore_merges
        (tmp_path / "tokenizer.json").write_text(json.dumps(whole))
        return read_vocabulary(tmp_path, 259).pre

    assert pre(byte_level) == "gpt-2"
    assert pre(pre_tokenizers.Sequence([digits, byte_level])) == "smollm"
    assert pre(PRE_TOKENIZERS["llama-bpe"], ignore_merges=True) == "llama-bpe"
    for unknown in (plain, pre_tokenizers.Sequence([another, plain]), pre_tokenizers.Whitespace()):
        with pytest.raises(ModelError, match="leave gguf out"):
            pre(unknown)
    with pytest.raises(ModelError, match="leave gguf out"):
        pre(byte_level, ignore_merges=True)


def test_llama_cpp_sees_the_tokens_of_the_training_and_answers_the_same(
    published: Published, evaluated_run: Run
) -> None:
    config = composed("model=tiny")
    tokenizer = AutoTokenizer.from_pretrained(published[0])
    prompt = Prompt(config.prompt, tokenizer)
    llama = LlamaCpp(published[0] / "gguf" / "r-4-tiny-F16.gguf")
    asked = [prompt_messages(dialogue) for dialogue in load_dialogues(config.data, 0).dialogues[:100]]
    conversation = [*asked[0], Message("assistant", "See a doctor."), Message("user", "  Höre ich auf? 12 mg\n\n3.  ")]
    trained = {messages: prompt.encode_prompt(messages) for messages in [*map(tuple, asked), tuple(conversation)]}
    assert len(trained) == 101

    for messages, ids in trained.items():
        assert llama.tokens(llama.prompt(messages)) == ids
        assert templated(tokenizer, messages) == ids

    tuned = load_tuned(evaluated_run)
    plain = load_plain(published[0], torch.float32, torch.device("cpu"))
    equal = total = 0
    for ids in list(trained.values())[:8]:
        answer = llama.answer(ids, 8)
        expected = greedy(plain, ids, 8)
        total += len(expected)
        equal += sum(a == b for a, b in zip(answer, expected, strict=False))
    assert tuned.prompt.encode_prompt(asked[0]) == trained[asked[0]]
    assert equal >= 0.9 * total


@pytest.mark.parametrize(("kind", "near"), [("Q8_0", 0.9), ("Q4_0", 0.0)])
def test_llama_cpp_answers_from_the_quantised_files(
    published: Published, evaluated_run: Run, kind: str, near: float
) -> None:
    """A random model's next token changes with every rounding, so of 4 bits only that there are answers is asked."""
    tuned = load_tuned(evaluated_run)
    llama = LlamaCpp(published[0] / "gguf" / f"r-4-tiny-{kind}.gguf")
    plain = load_plain(published[0], torch.float32, torch.device("cpu"))
    dialogues = load_dialogues(composed("model=tiny").data, 0).dialogues[:10]
    asked = [tuned.prompt.encode_prompt(prompt_messages(dialogue)) for dialogue in dialogues]

    answers = [llama.answer(ids, 6) for ids in asked]

    for answer in answers:
        assert len(answer) == 6 or answer[-1] == tuned.tokenizer.eos_token_id
        assert max(answer) < plain.config.vocab_size
    first = [answer[0] == greedy(plain, ids, 1)[0] for ids, answer in zip(asked, answers, strict=True)]
    assert sum(first) >= near * len(first)
