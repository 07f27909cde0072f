"""What this machine has: where to compute, in which precision, and how much memory was used."""

import resource
from dataclasses import dataclass
from typing import Literal

import torch
from transformers import LlamaForCausalLM

from medgenius.config.trainer import TrainerConfig
from medgenius.errors import ConfigError
from medgenius.model.kernels import has_compiler
from medgenius.model.unpacking import free_memory

_FEWEST = 64
_MOST = {"cpu": 768, "cuda": 16384}
"""Tokens per pass beyond which nothing is gained: on CPU a pass should stay in the cache."""

_WORTH_COMPILING = {"cpu": 2e13, "cuda": 1e16}
"""Floating-point operations of a run that takes one or two minutes, on two cores and on a large GPU."""

LightningPrecision = Literal["32-true", "16-mixed"]


@dataclass(frozen=True, slots=True)
class Machine:
    device: torch.device
    dtype: torch.dtype
    """Of the frozen weights and of the computation; the adapter is fp32."""

    @property
    def lightning_precision(self) -> LightningPrecision:
        """fp16 needs Lightning to scale its gradients. In bf16 nothing is left to it: the model computes in its own
        dtype, the adapter's parameters and gradients stay fp32."""
        return "16-mixed" if self.dtype == torch.float16 else "32-true"

    @property
    def lightning_accelerator(self) -> str:
        return "gpu" if self.device.type == "cuda" else "cpu"

    def peak_memory_bytes(self) -> int:
        """Highest use so far: of the GPU's memory on CUDA, of the process's on CPU."""
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.device)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB


def tokens_per_pass(config: TrainerConfig, model: LlamaForCausalLM, *, checkpointing: bool) -> int:
    """What the config says, or as many tokens as a quarter of the free memory holds, within what still gains speed."""
    if isinstance(config.tokens_per_pass, int):
        return config.tokens_per_pass
    sharing = config.devices if model.device.type == "cpu" else 1
    affordable = free_memory(model.device) // sharing // 4 // _bytes_per_token(model, checkpointing=checkpointing)
    return max(_FEWEST, min(affordable, _MOST[model.device.type]))


def needs_checkpointing(config: TrainerConfig, model: LlamaForCausalLM, longest: int) -> bool:
    """What the config says, or whether a pass of the longest dialogue, of so many tokens, would not fit otherwise."""
    if isinstance(config.activation_checkpointing, bool):
        return config.activation_checkpointing
    return longest * _bytes_per_token(model, checkpointing=False) > free_memory(model.device)


def wants_compiled(config: TrainerConfig, device: torch.device, flops: float) -> bool:
    """What the config says, or whether what a run of so many operations gains is more than compiling takes.

    Raises:
        ConfigError: it is to be compiled, and can't be here.
    """
    if config.compile is True and not has_compiler(device):
        raise ConfigError("trainer.compile=true: there is no C++ compiler (g++ or clang++) here; use auto or false")
    if isinstance(config.compile, bool):
        return config.compile
    return flops > _WORTH_COMPILING[device.type] and has_compiler(device)


def _bytes_per_token(model: LlamaForCausalLM, *, checkpointing: bool) -> int:
    """Of forward and backward, estimated."""
    shape = model.config
    assert shape.num_key_value_heads is not None
    # Kept for the backward, in elements: the residual before each norm, what the projections read, queries, keys and
    # values, gate and up. As much again is there for a moment.
    head = shape.hidden_size // shape.num_attention_heads
    layer = 6 * shape.hidden_size + 2 * shape.num_key_value_heads * head + 2 * shape.intermediate_size
    layers = shape.num_hidden_layers
    # With checkpointing the inputs of all layers, and one layer at a time as above.
    elements = layers * shape.hidden_size + 2 * layer if checkpointing else 2 * layer * layers
    return elements * model.dtype.itemsize


def choose_machine(config: TrainerConfig, local_rank: int = 0) -> Machine:
    """
    Args:
        local_rank: which of the node's processes this is; each has a GPU of its own

    Raises:
        ConfigError: what the config asks for, this machine does not have.
    """
    has_cuda = torch.cuda.is_available()
    if config.accelerator == "cuda" and not has_cuda:
        raise ConfigError("trainer.accelerator=cuda: no CUDA device is visible here; use auto or cpu")
    device = torch.device("cpu")
    if has_cuda and config.accelerator != "cpu":
        if config.devices > torch.cuda.device_count():
            raise ConfigError(
                f"trainer.devices={config.devices}: {torch.cuda.device_count()} CUDA devices are visible here; "
                "take fewer, or trainer.accelerator=cpu"
            )
        device = torch.device("cuda", local_rank) if config.processes > 1 else torch.device("cuda")
    return Machine(device, _dtype(config, device))


def _dtype(config: TrainerConfig, device: torch.device) -> torch.dtype:
    match config.precision:
        case "fp32":
            return torch.float32
        case "bf16":
            return torch.bfloat16
        case "fp16":
            if device.type != "cuda":
                raise ConfigError("trainer.precision=fp16 needs CUDA: its gradients must be scaled; use bf16 or fp32")
            return torch.float16
        case "auto":
            if device.type == "cuda":  # before Ampere bf16 is emulated, far slower than fp16
                return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
            return torch.bfloat16 if torch.ops.mkldnn._is_mkldnn_bf16_supported() else torch.float32
