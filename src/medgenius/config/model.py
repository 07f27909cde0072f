"""conf/model: which LLaMA is fine-tuned and how its frozen weights are stored."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from medgenius.config.fields import AlsoCalled, Schema
from medgenius.config.places import FolderName, PathText


class _Model(Schema):
    name: Annotated[str, Field(min_length=1)]
    """What the model is called in reports."""
    backend: Annotated[Literal["medgenius", "unsloth"], AlsoCalled("engine", "framework", "use_unsloth")]
    """What computes forward and backward. unsloth: the package of that name, on CUDA alone; rows, prompt, loss,
    metrics and files stay the same, and a prefix that dialogues share is computed for each."""
    quantization: Annotated[Literal["nf4", "none", "prequantized"], AlsoCalled("load_in_4bit", "quant", "bits")]
    """nf4: linear layers become 4-bit NormalFloat on loading (QLoRA, arXiv:2305.14314); none: full precision;
    prequantized: the repository holds 4-bit weights already."""
    double_quantization: Annotated[bool, AlsoCalled("double_quant", "bnb_4bit_use_double_quant")]
    """Quantise the NF4 block scales as well: 0.37 bit less per weight (QLoRA, section 3)."""
    cache_dequantized: Annotated[Literal["auto"] | bool, AlsoCalled("cache", "dequantize")]
    """Keep a copy of the 4-bit weights in the dtype of the computation: the same numbers and results, less time, more
    memory (2 bytes per weight in bf16). auto: where the copies take at most an eighth of the free memory."""


class _CachedModel(_Model):
    """A model that is written to a folder of `run.cache_dir` before it is loaded."""

    name: FolderName
    """What the model is called in reports, and with what its folder's name begins."""


class EmbeddedModel(_CachedModel):
    """A model that a pip package carries as one GGUF file."""

    source: Literal["embedded"]
    package: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")]
    """Import name of the package that holds `file`; it is looked up, never imported."""
    file: Annotated[str, Field(pattern=r"^[^/]+\.gguf$")]
    """Name of the GGUF file inside the package."""


def _at_home(repository: str) -> str:
    """`~` is a home directory, in a run's adapter too, where nobody would expand it any more."""
    return str(Path(repository).expanduser()) if repository.startswith("~") else repository


class HubModel(_Model):
    """A model of the Hugging Face hub, or a local folder in its format (safetensors only)."""

    source: Literal["hub"]
    repository: Annotated[PathText, AfterValidator(_at_home), AlsoCalled("repo", "path", "model_name_or_path", "id")]
    """`owner/name`, or the path of a folder."""
    revision: Annotated[str, Field(min_length=1)]
    """Branch, tag or commit."""


class RandomModel(_CachedModel):
    """A LLaMA with random weights over a byte tokenizer; it knows nothing and is meant for tests."""

    source: Literal["random"]
    hidden_size: Annotated[int, Field(gt=0)]
    intermediate_size: Annotated[int, Field(gt=0)]
    layers: Annotated[int, Field(gt=0), AlsoCalled("num_hidden_layers")]
    heads: Annotated[int, Field(gt=0), AlsoCalled("num_attention_heads")]
    kv_heads: Annotated[int, Field(gt=0), AlsoCalled("num_key_value_heads")]


ModelConfig = Annotated[EmbeddedModel | HubModel | RandomModel, Field(discriminator="source")]
