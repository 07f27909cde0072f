"""PEFT and bitsandbytes in a loop of one's own: right-padded batches, each to its longest dialogue."""

from collections.abc import Sequence

import torch
from bitsandbytes.optim import AdamW8bit
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from peers.hugging_face import PACKAGES, load_model
from peers.job import Job, Row
from peers.meter import Meter


def batch(rows: Sequence[Row], device: str) -> dict[str, Tensor]:
    """(B, longest) each."""
    ids = pad_sequence([torch.tensor(row.ids) for row in rows], batch_first=True)
    labels = pad_sequence([torch.tensor(row.labels()) for row in rows], batch_first=True, padding_value=-100)
    mask = pad_sequence([torch.ones(len(row.ids), dtype=torch.long) for row in rows], batch_first=True)
    return {"input_ids": ids.to(device), "attention_mask": mask.to(device), "labels": labels.to(device)}


def main(job: Job) -> None:
    meter = Meter(job)
    model, recipe = load_model(job), job.recipe
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = AdamW8bit(
        trained,
        lr=recipe.learning_rate,
        betas=(recipe.betas[0], recipe.betas[1]),
        eps=recipe.eps,
        weight_decay=recipe.weight_decay,
    )
    meter.model_loaded()
    for rows in job.steps:
        targets = sum(len(row.ids) - row.prompt for row in rows)
        for start in range(0, len(rows), job.batch):
            with torch.autocast(job.device, torch.bfloat16):
                loss = model(**batch(rows[start : start + job.batch], job.device), num_items_in_batch=targets).loss
            loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, recipe.gradient_clip_val)
        optimizer.step()
        optimizer.zero_grad()
        meter.step_done()
    meter.report(f"batch {job.batch}, padded to the longest", PACKAGES)


if __name__ == "__main__":
    main(Job.from_command_line())
