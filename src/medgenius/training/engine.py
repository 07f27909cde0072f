"""How the steps of a run are computed: in passes of how many tokens, compiled or not, what is kept for the backward."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import LlamaForCausalLM

from medgenius.config.trainer import TrainerConfig
from medgenius.data.prompt import Example
from medgenius.errors import ConfigError
from medgenius.model.checkpointing import checkpoint_layers
from medgenius.model.kernels import compile_kernels, has_compiler
from medgenius.model.unpacking import free_memory

_FEWEST = 64
_MOST = {"cpu": 768, "cuda": 16384}
"""Tokens per pass beyond which nothing is gained: on CPU a pass should stay in the cache."""

_WORTH_COMPILING = {"cpu": 2e13, "cuda": 1e16}
"""Floating-point operations of a run that takes one or two minutes, on two cores and on a large GPU."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Changes speed and memory, and the result by rounding alone."""

    tokens_per_pass: int
    compiled: bool
    checkpointing: bool

    def __str__(self) -> str:
        parts = [f"passes of {self.tokens_per_pass:,} tokens"]
        parts += ["kernels compiled"] if self.compiled else []
        parts += ["activations computed again in the backward"] if self.checkpointing else []
        return " · ".join(parts)

    def apply(self, model: LlamaForCausalLM, cache_dir: Path) -> None:
        """Also sets the process's kernels."""
        compile_kernels(self.compiled, cache_dir / "kernels")
        if self.checkpointing:
            checkpoint_layers(model)


def choose_engine(config: TrainerConfig, model: LlamaForCausalLM, examples: Sequence[Example], steps: int) -> Engine:
    """What the config says, and for each `auto` what suits the machine.

    Args:
        steps: optimizer steps of the run, of `batch_size` of these examples

    Raises:
        ConfigError: what the config asks for, this machine does not have.
    """
    lengths = [len(example) for example in examples]
    tokens = sum(lengths) / len(lengths) * config.batch_size * steps
    # Forward and the gradient of the input: 2 operations each per parameter and token; the weights have no gradient.
    compiled = wants_compiled(config, model.device, 4 * model.num_parameters() * tokens)
    checkpointing = needs_checkpointing(config, model, max(lengths))
    return Engine(tokens_per_pass(config, model, checkpointing=checkpointing), compiled, checkpointing)


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
