"""The frozen LLaMA and its tokenizer: from a pip package, from the hub, or random for tests."""

import importlib.util
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

import torch
from bitsandbytes.nn.modules import Linear4bit, Params4bit
from gguf import GGUFReader
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoTokenizer,
    BitsAndBytesConfig,
    GgufConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)
from transformers.utils import logging as transformers_logging

from medgenius.config.model import EmbeddedModel, HubModel, ModelConfig
from medgenius.errors import ModelError
from medgenius.model import attention
from medgenius.model.hub import HUB, is_out_of_reach
from medgenius.model.layers import not_computed
from medgenius.model.model_cache import cached_model, sha256
from medgenius.model.pre_tokenizer import PRE_TOKENIZERS
from medgenius.model.random_model import byte_tokenizer, random_weights
from medgenius.model.safe_files import refuse_unsafe_model
from medgenius.model.unpacking import unpack_weights

transformers_logging.disable_progress_bar()

_CONVERSION = 2
"""Of what is written to the cache: one more whenever `_converted` writes something else."""
_UNREADABLE = (OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError)
"""What transformers raises at values of a config.json that make no sense."""


def load_tokenizer(config: ModelConfig, cache_dir: Path) -> PreTrainedTokenizerBase:
    """The model's own tokenizer.

    Raises:
        ModelError: it cannot be had, or can't be read.
    """
    match config.source:
        case "random":
            return byte_tokenizer()
        case "embedded":
            folder = _converted(config, cache_dir)
            return cast("PreTrainedTokenizerBase", AutoTokenizer.from_pretrained(folder, trust_remote_code=False))
        case "hub":
            refuse_unsafe_model(config)
            try:
                tokenizer = AutoTokenizer.from_pretrained(
                    config.repository,
                    revision=config.revision,
                    local_files_only=is_out_of_reach(config.repository),
                    trust_remote_code=False,
                )
            except Exception as error:  # tokenizers raises plain ones
                raise not_to_be_had(config, error) from None
            return cast("PreTrainedTokenizerBase", tokenizer)


def prepare_files(config: ModelConfig, cache_dir: Path) -> None:
    """Write to the cache what is not there yet; afterwards several processes may load at once."""
    if config.source == "embedded":
        _converted(config, cache_dir)
    elif config.source == "random":
        random_weights(config, cache_dir)


def load_backbone(config: ModelConfig, cache_dir: Path, dtype: torch.dtype, device: torch.device) -> LlamaForCausalLM:
    """The frozen model with packed attention, its linear layers quantised as the config says.

    Args:
        dtype: of the weights that stay unquantised and of the computation

    Raises:
        ModelError: it cannot be had, or is no LLaMA.
    """
    folder, revision = weights_of(config, cache_dir)
    try:
        loaded = LlamaForCausalLM.from_pretrained(
            folder,
            revision=revision,
            dtype=dtype,
            device_map={"": device},
            quantization_config=quantization_of(config, dtype),
            attn_implementation=attention.NAME,
            use_safetensors=True,
            local_files_only=is_out_of_reach(folder),
            trust_remote_code=False,
            ignore_mismatched_sizes=True,  # told like all else that does not fit
            output_loading_info=True,
        )
    except (*_UNREADABLE, SafetensorError) as error:
        raise not_to_be_had(config, error) from None
    # With its information transformers gives a pair, which its types do not say.
    model, found = cast("tuple[LlamaForCausalLM, Mapping[str, Iterable[object]]]", loaded)
    _refuse_other_tensors(config, found)
    _keep_trainable_layout(model)
    _compute_in(model, dtype)
    unpack_weights(model, config, dtype)
    return model.requires_grad_(False)


def _refuse_other_tensors(config: ModelConfig, found: Mapping[str, Iterable[object]]) -> None:
    """transformers draws at random what the files lack, and leaves out what it has no place for; a warning says so."""
    for kind, what in (
        ("missing_keys", "are not in its files"),
        ("mismatched_keys", "have another shape in its files"),
        ("unexpected_keys", "have no place in a LLaMA of its config.json"),  # biases, or layers
    ):
        # A mismatched one comes with both its shapes.
        names = sorted(str(key[0] if isinstance(key, tuple) else key) for key in found[kind])
        if names:
            raise ModelError(f"model {_where(config)} can't be used: {len(names)} of its tensors {what}, as {names[0]}")


def weights_of(config: ModelConfig, cache_dir: Path) -> tuple[str, str]:
    """Folder or repository, and revision.

    Raises:
        ModelError: it cannot be had, or is no LLaMA.
    """
    match config.source:
        case "random":
            return random_weights(config, cache_dir), "main"
        case "embedded":
            return str(_converted(config, cache_dir)), "main"
        case "hub":
            refuse_unsafe_model(config)
            _require_llama(config)
            return config.repository, config.revision


def quantization_of(config: ModelConfig, dtype: torch.dtype) -> BitsAndBytesConfig | None:
    """What is done to the weights on loading; None where nothing is."""
    if config.quantization != "nf4":
        return None
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=config.double_quantization,
        bnb_4bit_compute_dtype=dtype,
    )


def _keep_trainable_layout(model: LlamaForCausalLM) -> None:
    """Stop bitsandbytes from repacking 4-bit weights at the first evaluation on a CPU with AVX512-BF16.

    The repacked layout (bitsandbytes 0.50) stays for good, rounds the block scales to bf16 and has no backward: all
    training after the first validation would silently lose the gradient through every frozen layer.
    """
    for layer in model.modules():
        if isinstance(layer, Linear4bit):
            layer.support_avx512bf16_for_cpu = False


def _compute_in(model: LlamaForCausalLM, dtype: torch.dtype) -> None:
    """Bring what is not quantised into `dtype`, and have 4-bit weights unpacked and multiplied in it: where a model is
    stored in 4 bits, transformers leaves both as they were stored.

    On CPU it is copied out of the mapped file, embeddings above all: as long as one tensor lies there, all of it stays
    in memory, the weights that were quantised too.
    """
    for parameter in model.parameters():
        if not isinstance(parameter, Params4bit):
            parameter.data = parameter.data.to(dtype, copy=model.device.type == "cpu")
    for layer in model.modules():
        if isinstance(layer, Linear4bit):
            assert isinstance(layer.weight, Params4bit)
            layer.compute_dtype = layer.weight.quant_state.dtype = dtype


def not_to_be_had(config: ModelConfig, error: Exception) -> ModelError:
    cause = " ".join(str(error).split())[:300]
    if config.source == "hub" and is_out_of_reach(config.repository):
        cause = f"{HUB} can't be reached, and the cache lacks some of its files"
    return ModelError(f"model {_where(config)} can't be loaded: {cause}")


def _where(config: ModelConfig) -> str:
    return config.repository if config.source == "hub" else config.name


def _require_llama(config: HubModel) -> None:
    try:
        found = AutoConfig.from_pretrained(
            config.repository,
            revision=config.revision,
            local_files_only=is_out_of_reach(config.repository),
            trust_remote_code=False,
        )
    except Exception as error:  # its validation has errors of its own
        raise not_to_be_had(config, error) from None
    if found.model_type != "llama":
        raise ModelError(f"model.repository={config.repository} is a {found.model_type}, not a llama")
    assert isinstance(found, LlamaConfig)
    if other := not_computed(found):
        raise ModelError(f"model.repository={config.repository} has {other}: only LLaMA as Meta's are can be used")


def _converted(config: EmbeddedModel, cache_dir: Path) -> Path:
    """The package's GGUF file as a folder in Hugging Face's format (bf16 safetensors), converted once.

    The folder's name holds a hash of the file, so that a new version of the package is converted anew.

    Raises:
        ModelError: there is no such file, or its tokenizer splits text in a way that is not known.
    """
    spec = importlib.util.find_spec(config.package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"the package {config.package} is not installed")
    package = Path(spec.submodule_search_locations[0])
    source = package / config.file
    if not source.is_file():
        raise ModelError(f"model.file={config.file}: not in the package {config.package}")
    folder = cache_dir / "models" / f"{config.name}-{sha256(source)[:16]}-{_CONVERSION}"

    def write(temporary: Path) -> None:
        print(f"converting {config.name} once into {folder} (about 15 s)", flush=True)
        tokenizer = AutoTokenizer.from_pretrained(package, gguf_file=config.file, trust_remote_code=False)
        _as_the_file_says(tokenizer, source)
        model = LlamaForCausalLM.from_pretrained(
            package,
            gguf_file=config.file,
            dtype=torch.float32,
            quantization_config=GgufConfig(dequantize=True),
            trust_remote_code=False,
        )
        model.bfloat16().save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)

    return cached_model(folder, write)


def _as_the_file_says(tokenizer: PreTrainedTokenizerBase, gguf: Path) -> None:
    """transformers converts vocabulary and merges, but splits text as GPT-2 does whatever the file says, and some
    releases (5.17) take another token for the end of a sequence.
    """
    reader = GGUFReader(gguf)

    def value(key: str) -> object:
        field = reader.get_field(f"tokenizer.ggml.{key}")
        return None if field is None else field.contents()

    pre = str(value("pre"))
    if pre not in PRE_TOKENIZERS or not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise ModelError(f"model.file={gguf.name}: its tokenizer splits text in a way that is not known ({pre})")
    tokenizer.backend_tokenizer.pre_tokenizer = PRE_TOKENIZERS[pre]
    for name in ("bos", "eos"):
        token = value(f"{name}_token_id")
        if isinstance(token, int):
            setattr(tokenizer, f"{name}_token", tokenizer.convert_ids_to_tokens(token))
