"""conf/scheduler: the learning rate over the optimizer steps."""

from typing import Annotated, Literal

from pydantic import Field

from medgenius.config.fields import AlsoCalled, Schema


class SchedulerConfig(Schema):
    name: Annotated[Literal["cosine", "constant"], AlsoCalled("lr_scheduler_type", "type")]
    """cosine: down to zero over half a period (arXiv:1608.03983); constant: stays at its peak."""
    warmup_ratio: Annotated[float, Field(ge=0, le=1), AlsoCalled("warmup", "warmup_steps", "warmup_fraction")]
    """Part of all optimizer steps, rounded up, in which the rate rises linearly to its peak."""
