"""conf/trainer: how long, on what, and in which portions."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from medgenius.config.duration import Duration
from medgenius.config.fields import AlsoCalled, Schema


class TrainerConfig(Schema):
    accelerator: Annotated[Literal["auto", "cpu", "cuda"], AlsoCalled("device")]
    """auto: CUDA where there is one."""
    strategy: Annotated[Literal["single", "ddp", "fsdp"], AlsoCalled("distributed", "parallel")]
    """single: one process. ddp: several, each with the whole model and its share of every step's dialogues. fsdp: as
    ddp, with the frozen layers spread over the processes; less memory, more to send."""
    devices: Annotated[int, Field(gt=0), AlsoCalled("gpus", "num_gpus", "n_gpu", "num_processes", "nproc_per_node")]
    """Processes on each node. On CUDA each has a GPU of its own, on CPU they share the cores."""
    nodes: Annotated[int, Field(gt=0), AlsoCalled("num_nodes", "nnodes", "machines")]
    """Machines; with more than one, torchrun or srun starts the processes (docs/distributed.md)."""
    precision: Annotated[Literal["auto", "bf16", "fp16", "fp32"], AlsoCalled("dtype", "bf16", "fp16")]
    """Of the computation; the adapter itself is always kept in fp32. auto: bf16 where the machine computes in it,
    else fp16 on CUDA and fp32 on CPU."""
    epochs: Annotated[int, Field(gt=0, le=10**6), AlsoCalled("max_epochs", "num_epochs", "num_train_epochs")]
    """Passes over all training dialogues."""
    max_steps: Annotated[int, Field(gt=0), AlsoCalled("steps")] | None
    """Stop after this many optimizer steps, and let the schedule end there; null for all epochs."""
    batch_size: Annotated[int, Field(gt=0), AlsoCalled("effective_batch_size", "global_batch_size", "bs")]
    """Dialogues per optimizer step, over all processes together, however they are cut into passes."""
    tokens_per_pass: Annotated[
        Literal["auto"] | Annotated[int, Field(ge=8)],
        AlsoCalled("dialogues_per_pass", "micro_batch_size", "per_device_train_batch_size", "accumulate_grad_batches"),
    ]
    """Tokens that a process has in memory at once; a step's dialogues are cut into as many passes as that takes, and a
    longer dialogue has a pass of its own. Changes memory and speed, never the result. auto: from the free memory."""
    activation_checkpointing: Annotated[
        Literal["auto"] | bool, AlsoCalled("gradient_checkpointing", "use_gradient_checkpointing", "recompute")
    ]
    """Keep only each layer's input and compute the rest again in the backward: less memory, about a third more time,
    the same result. auto: where the longest dialogue alone would not fit in the free memory otherwise."""
    compile: Annotated[Literal["auto"] | bool, AlsoCalled("torch_compile", "compiled", "use_compile")]
    """Let torch.compile fuse what stands between the matrix products; the first use on a machine takes half a minute.
    Changes speed, and the result by rounding alone. auto: where a run gains more than that takes and, on CPU, a C++
    compiler is there."""
    gradient_clip_val: Annotated[float, Field(gt=0), AlsoCalled("max_grad_norm", "grad_clip", "gradient_clip")]
    """Longest gradient, in L2 norm over all trained parameters."""
    validate_every: Annotated[int, Field(gt=0), AlsoCalled("eval_steps", "val_check_interval")] | None
    """Optimizer steps between validations; null for once an epoch."""
    patience: Annotated[int, Field(gt=0), AlsoCalled("early_stopping_patience", "early_stopping")] | None
    """Validations in a row without a lower loss, after which training ends. The run's adapter is then that of the
    lowest loss, whether it ended early or not; null: all epochs, and the adapter of the last step."""
    checkpoint_every: Annotated[
        Annotated[int, Field(gt=0)] | Duration, AlsoCalled("save_steps", "every_n_train_steps", "save_every")
    ]
    """Between checkpoints: optimizer steps (50), or a time (90s, 10min, 1h). One is also written at each validation
    and at the end. A run that is killed goes on from the last one."""
    keep_checkpoints: Annotated[int, Field(gt=0), AlsoCalled("save_total_limit", "save_top_k")]
    """How many of the newest checkpoints stay; the one with the lowest validation loss stays as well."""

    @property
    def processes(self) -> int:
        """Of the whole run, over all nodes."""
        return self.devices * self.nodes

    @model_validator(mode="after")
    def _processes_fit(self) -> Self:
        asked = f"trainer.devices={self.devices}" + (f" on trainer.nodes={self.nodes}" if self.nodes > 1 else "")
        if self.strategy == "single" and self.processes > 1:
            raise ValueError(f"{asked} needs trainer=ddp or trainer=fsdp: with trainer.strategy=single there is one")
        if self.strategy == "fsdp" and self.processes == 1:
            raise ValueError("trainer.strategy=fsdp spreads the model over processes: trainer.devices=1 is too few")
        if self.batch_size < self.processes:
            raise ValueError(
                f"trainer.batch_size={self.batch_size} dialogues are too few for {asked}: each process needs one"
            )
        return self
