"""conf/trainer: how long, on what, and in which portions."""

from typing import Annotated, Literal

from pydantic import Field

from medgenius.config.duration import Duration
from medgenius.config.fields import AlsoCalled, Schema


class TrainerConfig(Schema):
    accelerator: Annotated[Literal["auto", "cpu", "cuda"], AlsoCalled("device", "devices", "gpus")]
    """auto: CUDA where there is one."""
    precision: Annotated[Literal["auto", "bf16", "fp16", "fp32"], AlsoCalled("dtype", "bf16", "fp16")]
    """Of the computation; the adapter itself is always kept in fp32. auto: bf16 where the machine computes in it,
    else fp16 on CUDA and fp32 on CPU."""
    epochs: Annotated[int, Field(gt=0), AlsoCalled("max_epochs", "num_epochs", "num_train_epochs")]
    """Passes over all training dialogues."""
    max_steps: Annotated[int, Field(gt=0), AlsoCalled("steps")] | None
    """Stop after this many optimizer steps, and let the schedule end there; null for all epochs."""
    batch_size: Annotated[int, Field(gt=0), AlsoCalled("effective_batch_size", "global_batch_size", "bs")]
    """Dialogues per optimizer step, however they are cut into passes."""
    tokens_per_pass: Annotated[
        Literal["auto"] | Annotated[int, Field(ge=8)],
        AlsoCalled("dialogues_per_pass", "micro_batch_size", "per_device_train_batch_size", "accumulate_grad_batches"),
    ]
    """Tokens in memory at once; a step's dialogues are cut into as many passes as that takes, and a longer dialogue
    has a pass of its own. Changes memory and speed, never the result. auto: from the free memory."""
    gradient_clip_val: Annotated[float, Field(gt=0), AlsoCalled("max_grad_norm", "grad_clip", "gradient_clip")]
    """Longest gradient, in L2 norm over all trained parameters."""
    validate_every: Annotated[int, Field(gt=0), AlsoCalled("eval_steps", "val_check_interval")] | None
    """Optimizer steps between validations; null for once an epoch."""
    checkpoint_every: Annotated[
        Annotated[int, Field(gt=0)] | Duration, AlsoCalled("save_steps", "every_n_train_steps", "save_every")
    ]
    """Between checkpoints: optimizer steps (50), or a time (90s, 10min, 1h). One is also written at each validation
    and at the end. A run that is killed goes on from the last one."""
    keep_checkpoints: Annotated[int, Field(gt=0), AlsoCalled("save_total_limit", "save_top_k")]
    """How many of the newest checkpoints stay; the one with the lowest validation loss stays as well."""
