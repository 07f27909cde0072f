"""What the peers that build on transformers share: the quantised model with its adapter, and Trainer's settings."""

from typing import TypedDict

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    BitsAndBytesConfig,
    TrainerCallback,
)

from peers.job import Job
from peers.meter import Meter

PACKAGES = ("transformers", "peft", "bitsandbytes")


def load_model(job: Job) -> PeftModel:
    """The model in NF4 and bf16 with a fresh adapter, ready to train."""
    quantization = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=job.recipe.double_quantization,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    model = AutoModelForCausalLM.from_pretrained(
        job.model,
        dtype=torch.bfloat16,
        device_map={"": job.device},
        quantization_config=quantization,
        attn_implementation="sdpa",
    )
    model.config.use_cache = False
    return get_peft_model(model, lora(job)).train()


def lora(job: Job) -> LoraConfig:
    recipe = job.recipe
    return LoraConfig(
        task_type="CAUSAL_LM",
        r=recipe.r,
        lora_alpha=recipe.alpha,
        lora_dropout=recipe.dropout,
        target_modules=recipe.target_modules,
        bias="none",
    )


class TrainerSettings(TypedDict):
    """The arguments of `TrainingArguments` and its kin that the recipe decides."""

    output_dir: str
    max_steps: int
    per_device_train_batch_size: int
    gradient_accumulation_steps: int
    learning_rate: float
    weight_decay: float
    adam_beta1: float
    adam_beta2: float
    adam_epsilon: float
    max_grad_norm: float
    optim: str
    lr_scheduler_type: str
    bf16: bool
    use_cpu: bool
    gradient_checkpointing: bool
    train_sampling_strategy: str
    save_strategy: str
    report_to: list[str]
    disable_tqdm: bool
    dataloader_pin_memory: bool
    seed: int


def trainer_settings(job: Job, output_dir: str) -> TrainerSettings:
    """As fast as they go: no checkpointing of activations, nothing logged or saved."""
    recipe = job.recipe
    return TrainerSettings(
        output_dir=output_dir,
        max_steps=len(job.steps),
        per_device_train_batch_size=job.batch,
        gradient_accumulation_steps=job.passes_per_step,
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        adam_beta1=recipe.betas[0],
        adam_beta2=recipe.betas[1],
        adam_epsilon=recipe.eps,
        max_grad_norm=recipe.gradient_clip_val,
        optim="adamw_bnb_8bit",
        lr_scheduler_type="cosine",
        bf16=True,
        use_cpu=job.device == "cpu",
        gradient_checkpointing=False,
        train_sampling_strategy="sequential",  # the job's rows come in the order in which they are to be trained
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        dataloader_pin_memory=job.device == "cuda",
        seed=recipe.seed,
    )


class StepTimer(TrainerCallback):
    """Tells the meter of each optimizer step."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def on_step_end(self, *_: object, **__: object) -> None:
        self._meter.step_done()
