"""Unsloth's model in TRL's SFTTrainer; CUDA only."""

from unsloth import FastLanguageModel  # isort: skip  it must come before transformers and TRL

import torch

from peers.hugging_face import PACKAGES
from peers.job import Job
from peers.meter import Meter
from peers.trl_sft import train


def main(job: Job) -> None:
    meter, recipe = Meter(job), job.recipe
    model, tokenizer = FastLanguageModel.from_pretrained(
        job.model, max_seq_length=recipe.max_length, dtype=torch.bfloat16, load_in_4bit=True
    )
    model = FastLanguageModel.get_peft_model(
        model,
        r=recipe.r,
        lora_alpha=recipe.alpha,
        lora_dropout=recipe.dropout,
        target_modules=recipe.target_modules,
        bias="none",
        use_gradient_checkpointing=False,
        random_state=recipe.seed,
    )
    meter.model_loaded()
    train(job, meter, model, tokenizer)
    meter.report(f"batch {job.batch}, grouped by length", (*PACKAGES, "trl", "unsloth"))


if __name__ == "__main__":
    main(Job.from_command_line())
