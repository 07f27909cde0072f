"""Our modules in the place of transformers': the same parts under the same names, so that PEFT's files fit."""

from torch import Tensor, nn
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.models.llama.modeling_llama import LlamaAttention, LlamaDecoderLayer, LlamaMLP, LlamaRMSNorm

from medgenius.model.mlp import AdaptedMlp
from medgenius.model.norm import FrozenRmsNorm
from medgenius.model.self_attention import AdaptedAttention

_ROPE_TYPES = {"default", "linear", "dynamic", "yarn", "llama3"}
"""Under which a position's rotation does not depend on how long the sequence is, as long as the model can hold it."""


def not_computed(config: LlamaConfig) -> str | None:
    """What a LLaMA's config asks for and neither our modules nor inference compute."""
    rope = config.rope_parameters or {}
    if config.hidden_act != "silu":
        return f"hidden_act={config.hidden_act}"
    if config.attention_bias or config.mlp_bias:
        return "biases in its linear layers"
    if config.num_hidden_layers < 1:
        return f"num_hidden_layers={config.num_hidden_layers}"
    if rope.get("rope_type") not in _ROPE_TYPES:  # longrope's would differ with the longest dialogue of a pass
        return f"rope_type={rope.get('rope_type')}"
    if rope.get("partial_rotary_factor", 1) != 1:
        return f"partial_rotary_factor={rope['partial_rotary_factor']}"
    return None


class LastLayer(GradientCheckpointingLayer):
    """The last decoder layer: every row serves as key and value, but only some are read by the head.

    Past the attention only those are computed.
    """

    def __init__(self, plain: LlamaDecoderLayer) -> None:
        super().__init__()
        self.self_attn: nn.Module = plain.self_attn
        self.mlp: nn.Module = plain.mlp
        self.input_layernorm: nn.Module = plain.input_layernorm
        self.post_attention_layernorm: nn.Module = plain.post_attention_layernorm

    def forward(self, hidden_states: Tensor, *, needed: Tensor | None = None, **inputs: object) -> Tensor:
        """(1, T, hidden) -> (1, n, hidden) for the `needed` rows: (n,) int64; None for all."""
        attended, _ = self.self_attn(self.input_layernorm(hidden_states), only=needed, **inputs)
        residual: Tensor = (hidden_states if needed is None else hidden_states[:, needed]) + attended
        transformed: Tensor = self.mlp(self.post_attention_layernorm(residual))
        return residual + transformed


def replace_modules(model: LlamaForCausalLM) -> None:
    """Attention, MLP, norms and the last layer of an adapted model."""
    for name, module in list(model.named_modules()):
        match module:
            case LlamaAttention() if not module.config.attention_bias:
                model.set_submodule(name, AdaptedAttention(module))
            case LlamaMLP() if module.config.hidden_act == "silu":
                model.set_submodule(name, AdaptedMlp(module))
            case LlamaRMSNorm():
                model.set_submodule(name, FrozenRmsNorm(module))
            case _:
                pass
    last = model.model.layers[-1]
    assert isinstance(last, LlamaDecoderLayer)
    model.model.layers[-1] = LastLayer(last)
