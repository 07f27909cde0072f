"""conf/optimizer: AdamW (arXiv:1711.05101), with moments in 8 bits (arXiv:2110.02861) or 32."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from medgenius.config.fields import AlsoCalled, Schema


class OptimizerConfig(Schema):
    name: Literal["adamw_8bit", "adamw"]
    learning_rate: Annotated[float, Field(gt=0, le=1e38), AlsoCalled("lr", "max_lr")]
    """Peak of the schedule."""
    weight_decay: Annotated[float, Field(ge=0, le=1), AlsoCalled("wd")]
    """Decoupled decay per step, times the learning rate."""
    betas: Annotated[list[float], Field(min_length=2, max_length=2), AlsoCalled("beta1", "beta2", "adam_beta1")]
    eps: Annotated[float, Field(gt=0, le=1), AlsoCalled("epsilon", "adam_epsilon")]

    @field_validator("betas")
    @classmethod
    def _are_decay_rates(cls, value: list[float]) -> list[float]:
        if not all(0 <= beta < 1 for beta in value):
            raise ValueError("each must be at least 0 and below 1")
        return value
