"""TRL's SFTTrainer on prompt and completion, with its loss on the completion alone.

Neither packing nor padding_free is set: with torch's own attention, dialogues of a packed row would see each other.
"""

import tempfile

from datasets import Dataset
from peft import PeftModel
from transformers import AutoTokenizer, PreTrainedTokenizerBase
from trl import SFTConfig, SFTTrainer

from peers.hugging_face import PACKAGES, StepTimer, load_model, trainer_settings
from peers.job import Job, Row
from peers.meter import Meter


def columns(row: Row) -> dict[str, list[int]]:
    """As TRL takes tokenised prompts and completions."""
    return {"input_ids": row.ids, "completion_mask": [0] * row.prompt + [1] * (len(row.ids) - row.prompt)}


def train(job: Job, meter: Meter, model: PeftModel, tokenizer: PreTrainedTokenizerBase) -> None:
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    with tempfile.TemporaryDirectory() as folder:
        SFTTrainer(
            model=model,
            args=SFTConfig(
                **trainer_settings(job, folder),
                max_length=job.recipe.max_length,
                completion_only_loss=True,
                packing=False,
            ),
            train_dataset=Dataset.from_list([columns(row) for step in job.steps for row in step]),
            processing_class=tokenizer,
            callbacks=[StepTimer(meter)],
        ).train()


def main(job: Job) -> None:
    meter = Meter(job)
    model = load_model(job)
    meter.model_loaded()
    train(job, meter, model, AutoTokenizer.from_pretrained(job.model))
    meter.report(f"batch {job.batch}, grouped by length", (*PACKAGES, "accelerate", "trl"))


if __name__ == "__main__":
    main(Job.from_command_line())
