"""The recipe of most tutorials: transformers' Trainer on a PEFT model, every row padded to `max_length`."""

import tempfile

from datasets import Dataset
from transformers import Trainer, TrainingArguments, default_data_collator

from peers.hugging_face import PACKAGES, StepTimer, load_model, trainer_settings
from peers.job import Job, Row
from peers.meter import Meter


def padded(row: Row, length: int) -> dict[str, list[int]]:
    missing = length - len(row.ids)
    return {
        "input_ids": row.ids + [0] * missing,
        "attention_mask": [1] * len(row.ids) + [0] * missing,
        "labels": row.labels() + [-100] * missing,
    }


def main(job: Job) -> None:
    meter = Meter(job)
    model = load_model(job)
    meter.model_loaded()
    length = job.recipe.max_length
    with tempfile.TemporaryDirectory() as folder:
        Trainer(
            model=model,
            args=TrainingArguments(**trainer_settings(job, folder)),
            train_dataset=Dataset.from_list([padded(row, length) for step in job.steps for row in step]),
            data_collator=default_data_collator,
            callbacks=[StepTimer(meter)],
        ).train()
    meter.report(f"batch {job.batch}, padded to {length}", (*PACKAGES, "accelerate"))


if __name__ == "__main__":
    main(Job.from_command_line())
