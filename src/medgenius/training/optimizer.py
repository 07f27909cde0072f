"""AdamW and the schedule of its learning rate."""

import math
from collections.abc import Callable, Iterable

import torch
from bitsandbytes.optim.adamw import AdamW8bit
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from medgenius.config.optimizer import OptimizerConfig
from medgenius.config.scheduler import SchedulerConfig


def build_optimizer(parameters: Iterable[torch.nn.Parameter], config: OptimizerConfig) -> Optimizer:
    """AdamW over the trained parameters."""
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    kind: Callable[..., Optimizer] = AdamW8bit if config.name == "adamw_8bit" else AdamW
    return kind(
        trained,
        lr=config.learning_rate,
        betas=(config.betas[0], config.betas[1]),
        eps=config.eps,
        weight_decay=config.weight_decay,
    )


def rate_factor(step: int, total_steps: int, config: SchedulerConfig) -> float:
    """The share of the peak learning rate that optimizer step `step` (from 0) of `total_steps` uses.

    Over the first ceil(warmup_ratio * total_steps) steps it rises linearly and reaches 1 with the last of them; then
    it stays, or falls as (1 + cos(pi * x)) / 2 with x from 0 to 1 over the remaining steps.
    """
    warmup = math.ceil(config.warmup_ratio * total_steps)
    if step < warmup:
        return (step + 1) / warmup
    if config.name == "constant":
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total_steps - warmup)))


def build_schedule(optimizer: Optimizer, total_steps: int, config: SchedulerConfig) -> LambdaLR:
    return LambdaLR(optimizer, lambda step: rate_factor(step, total_steps, config))
