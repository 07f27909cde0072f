"""conf/lora: the trained low-rank adapter (LoRA, arXiv:2106.09685)."""

from typing import Annotated, Literal

from pydantic import Field

from medgenius.config.fields import AlsoCalled, Schema

Projection = Literal["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
"""The linear layers of a LLaMA block."""


class LoraConfig(Schema):
    r: Annotated[int, Field(gt=0, le=2**16), AlsoCalled("rank", "lora_r", "lora_rank")]
    """Rank of the update B @ A."""
    alpha: Annotated[int, Field(gt=0, le=2**20), AlsoCalled("lora_alpha", "scaling", "scale")]
    """The update is scaled by alpha / r."""
    dropout: Annotated[float, Field(ge=0, lt=1), AlsoCalled("lora_dropout", "p")]
    """Probability that an input of the adapter is zeroed while training."""
    target_modules: Annotated[list[Projection], Field(min_length=1), AlsoCalled("targets", "modules", "layers")]
    """Which linear layers of each block get an adapter."""
    bias: Literal["none", "all", "lora_only"]
    """Which biases train, as in PEFT. LLaMA has none, so anything but `none` changes nothing there."""
