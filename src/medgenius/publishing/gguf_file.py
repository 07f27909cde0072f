"""A merged LLaMA as one GGUF file, for llama.cpp and all that is built on it."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import torch
from gguf import (
    GGML_QUANT_SIZES,
    GGML_QUANT_VERSION,
    MODEL_ARCH,
    GGMLQuantizationType,
    GGUFWriter,
    LlamaFileType,
    TensorNameMap,
    get_tensor_name_map,
    quantize,
)
from torch import Tensor
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from medgenius.config.publish import GgufType
from medgenius.errors import ModelError
from medgenius.publishing.gguf_tokenizer import read_vocabulary
from medgenius.publishing.shards import Stored, contents, read_tensor, shard_files

_FILE_TYPES: Final = {
    "F16": LlamaFileType.MOSTLY_F16,
    "Q8_0": LlamaFileType.MOSTLY_Q8_0,
    "Q4_0": LlamaFileType.MOSTLY_Q4_0,
}
_BLOCK: Final = 2**22
"""Elements that are quantised at once."""
_FREQUENCIES: Final = "rope_freqs.weight"

logging.getLogger("gguf").setLevel(logging.WARNING)  # it tells every file, with its temporary name

Array = npt.NDArray[np.float32] | npt.NDArray[np.float16] | npt.NDArray[np.uint8]


def write_gguf(merged: Path, file: Path, wanted: GgufType, name: str, licence: str | None) -> None:
    """
    Args:
        merged: folder of the merged model with its tokenizer
        name: of the model, in the file's metadata

    Raises:
        ModelError: llama.cpp's LLaMA has no equal of this model or its tokenizer.
    """
    config = LlamaConfig.from_pretrained(merged, trust_remote_code=False)
    names = get_tensor_name_map(MODEL_ARCH.LLAMA, config.num_hidden_layers)
    writer = GGUFWriter(file, "llama")
    _write_settings(writer, config, wanted, name, licence)
    read_vocabulary(merged, config.vocab_size).write(writer, merged)
    tensors: list[tuple[tuple[int, ...], GGMLQuantizationType, Callable[[], Tensor]]] = []
    for source in shard_files(merged):
        for key, stored in contents(source).items():
            target = _target(names, key)
            kind = _kind(target, stored, wanted)
            writer.add_tensor_info(
                target, stored.shape, np.dtype(np.float32), _bytes(stored.shape, kind), raw_dtype=kind
            )
            tensors.append((stored.shape, kind, _reader(source, key, config)))
    if (factors := frequency_factors(config)) is not None:
        shape, kind = tuple(factors.shape), GGMLQuantizationType.F32
        writer.add_tensor_info(_FREQUENCIES, shape, np.dtype(np.float32), _bytes(shape, kind), raw_dtype=kind)
        tensors.append((shape, kind, factors.clone))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for shape, kind, read in tensors:
        writer.write_tensor_data(_quantised(read(), shape, kind))
    writer.close()


def _write_settings(writer: GGUFWriter, config: LlamaConfig, wanted: GgufType, name: str, licence: str | None) -> None:
    writer.add_type("model")
    writer.add_name(name)
    if licence is not None:
        writer.add_license(licence)
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(_given(config.num_key_value_heads))
    writer.add_key_length(_given(config.head_dim))
    writer.add_value_length(_given(config.head_dim))
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(float(_rope(config, "rope_theta")))
    writer.add_rope_dimension_count(_given(config.head_dim))
    writer.add_file_type(_FILE_TYPES[wanted])
    writer.add_quantization_version(GGML_QUANT_VERSION)


def _given(number: int | None) -> int:
    """What LlamaConfig itself fills in where a file leaves it out."""
    assert number is not None
    return number


def _rope(config: LlamaConfig, key: str) -> str:
    parameters = config.rope_parameters
    assert parameters is not None
    return str(dict(parameters)[key])


def frequency_factors(config: LlamaConfig) -> Tensor | None:
    """What llama.cpp divides each rotary frequency by ([head_dim / 2], fp32); None where nothing is scaled.

    Raises:
        ModelError: a scaling that is no division of the frequencies.
    """
    kind = _rope(config, "rope_type")
    if kind == "default":
        return None
    if kind not in {"linear", "llama3"}:
        raise ModelError(f"publish.formats: gguf: rope_type={kind} is not written yet: leave gguf out")
    half = torch.arange(0, _given(config.head_dim), 2, dtype=torch.float32) / _given(config.head_dim)
    unscaled = 1.0 / float(_rope(config, "rope_theta")) ** half
    return unscaled / LlamaRotaryEmbedding(config).inv_freq


def _target(names: TensorNameMap, key: str) -> str:
    target = names.get_name(key, try_suffixes=(".weight", ".bias"))
    if target is None:
        raise ModelError(f"publish.formats: gguf: llama.cpp's LLaMA has no {key}: leave gguf out")
    return target


def _kind(target: str, stored: Stored, wanted: GgufType) -> GGMLQuantizationType:
    """Norms and biases stay in fp32; embedding and head, of which most depends, in 8 bits at least."""
    if len(stored.shape) == 1:
        return GGMLQuantizationType.F32
    kind = GGMLQuantizationType[wanted]
    if stored.shape[-1] % GGML_QUANT_SIZES[kind][0]:
        return GGMLQuantizationType.F16
    if kind is GGMLQuantizationType.Q4_0 and target in {"token_embd.weight", "output.weight"}:
        return GGMLQuantizationType.Q8_0
    return kind


def _bytes(shape: tuple[int, ...], kind: GGMLQuantizationType) -> int:
    elements, size = GGML_QUANT_SIZES[kind]
    return torch.Size(shape).numel() // elements * size


def _reader(file: Path, key: str, config: LlamaConfig) -> Callable[[], Tensor]:
    def read() -> Tensor:
        weight = read_tensor(file, key)
        if "self_attn.q_proj" in key:
            return for_adjacent_pairs(weight, config.num_attention_heads)
        if "self_attn.k_proj" in key:
            return for_adjacent_pairs(weight, _given(config.num_key_value_heads))
        return weight

    return read


def for_adjacent_pairs(weight: Tensor, heads: int) -> Tensor:
    """The rows of a query or key projection in llama.cpp's order.

    Rotation turns pairs of features. transformers pairs feature i of a head with i + half, Meta's own LLaMA and
    llama.cpp 2i with 2i + 1: the halves are interleaved.
    """
    return weight.reshape(heads, 2, -1, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def _quantised(weight: Tensor, shape: tuple[int, ...], kind: GGMLQuantizationType) -> Array:
    """Row by row, as the blocks of the types lie within a row."""
    rows = weight.reshape(-1, shape[-1])
    step = max(1, _BLOCK // shape[-1])
    pieces = [quantize(rows[start : start + step].float().numpy(), kind) for start in range(0, len(rows), step)]
    return cast("Array", np.concatenate(pieces) if len(pieces) > 1 else pieces[0])
