"""LitGPT's LoRA, with the loop of its `finetune_lora`; in bf16, since its NF4 is CUDA only."""

import json
import tempfile
from pathlib import Path

import lightning
import torch
from bitsandbytes.optim import AdamW8bit
from litgpt.config import configs
from litgpt.lora import GPT, Config, mark_only_lora_as_trainable
from litgpt.scripts.convert_hf_checkpoint import convert_hf_checkpoint
from litgpt.utils import chunked_cross_entropy
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from peers.job import Job
from peers.meter import Meter

_ADAPTED = {
    "q_proj": "lora_query",
    "k_proj": "lora_key",
    "v_proj": "lora_value",
    "o_proj": "lora_projection",
    "gate_proj": "lora_mlp",
    "up_proj": "lora_mlp",
    "down_proj": "lora_mlp",
}


def name_of(folder: Path) -> str:
    """LitGPT's name of the first model of this shape."""
    shape = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    wanted = (shape["num_hidden_layers"], shape["hidden_size"], shape["intermediate_size"], shape["vocab_size"])
    keys = ("n_layer", "n_embd", "intermediate_size", "padded_vocab_size")
    return next(str(known["name"]) for known in configs if tuple(known.get(key) for key in keys) == wanted)


def converted(folder: Path) -> tuple[str, dict[str, Tensor]]:
    """LitGPT's name of the model, and the weights under LitGPT's names."""
    name = name_of(folder)
    with tempfile.TemporaryDirectory() as temporary:
        checkpoint = Path(temporary)
        for file in folder.glob("*.safetensors*"):
            (checkpoint / file.name).symlink_to(file)
        convert_hf_checkpoint(checkpoint, model_name=name)
        weights: dict[str, Tensor] = torch.load(checkpoint / "lit_model.pth", mmap=True, weights_only=True)
    return name, weights


def load_model(job: Job, name: str, weights: dict[str, Tensor], fabric: lightning.Fabric) -> GPT:
    recipe = job.recipe
    adapted = {_ADAPTED[module]: True for module in recipe.target_modules}
    config = Config.from_name(name, lora_r=recipe.r, lora_alpha=recipe.alpha, lora_dropout=recipe.dropout, **adapted)
    with fabric.init_module():
        model = GPT(config)
    model.load_state_dict(weights, strict=False)  # the adapter's are missing
    model.max_seq_length = max(len(row.ids) for step in job.steps for row in step)
    mark_only_lora_as_trainable(model)
    return model.train()


def main(job: Job) -> None:
    name, weights = converted(Path(job.model))
    meter, recipe = Meter(job), job.recipe
    fabric = lightning.Fabric(accelerator=job.device, devices=1, precision="bf16-true")
    model = fabric.setup_module(load_model(job, name, weights, fabric))
    weights.clear()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = fabric.setup_optimizers(
        AdamW8bit(
            trained,
            lr=recipe.learning_rate,
            betas=(recipe.betas[0], recipe.betas[1]),
            eps=recipe.eps,
            weight_decay=recipe.weight_decay,
        )
    )
    meter.model_loaded()
    for rows in job.steps:
        for start in range(0, len(rows), job.batch):
            chosen = rows[start : start + job.batch]
            ids = pad_sequence([torch.tensor(row.ids) for row in chosen], batch_first=True)
            labels = pad_sequence([torch.tensor(row.labels()) for row in chosen], batch_first=True, padding_value=-100)
            logits = model(ids.to(fabric.device), lm_head_chunk_size=128)
            logits[-1] = logits[-1][..., :-1, :]  # each position predicts the next
            loss = chunked_cross_entropy(logits, labels[..., 1:].to(fabric.device))
            fabric.backward(loss / job.passes_per_step)
        torch.nn.utils.clip_grad_norm_(trained, recipe.gradient_clip_val)
        optimizer.step()
        optimizer.zero_grad()
        meter.step_done()
    meter.report(f"batch {job.batch}, bf16 weights", ("litgpt", "lightning", "bitsandbytes"))


if __name__ == "__main__":
    main(Job.from_command_line())
