"""A few questions of the validation set, answered before and after training."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from peft import PeftModel
from pytorch_lightning.loggers import Logger, WandbLogger
from pytorch_lightning.utilities import rank_zero_only
from transformers import GenerationConfig, PreTrainedTokenizerBase

from medgenius.config.train import TrainConfig
from medgenius.data.dialogue import Dialogue, prompt_messages
from medgenius.data.prompt import Prompt
from medgenius.files import write_jsonl
from medgenius.model.adapter import backbone_of
from medgenius.runs import Run


@dataclass(frozen=True, slots=True)
class Sampler:
    """Answers greedily, one question at a time."""

    model: PeftModel
    tokenizer: PreTrainedTokenizerBase
    prompt: Prompt
    new_tokens: int

    def answer(self, dialogue: Dialogue) -> str:
        ids = torch.tensor([self.prompt.encode_prompt(prompt_messages(dialogue))], device=self.model.device)
        settings = GenerationConfig(
            max_new_tokens=self.new_tokens,
            do_sample=False,
            bos_token_id=self.tokenizer.bos_token_id,
            eos_token_id=self.tokenizer.eos_token_id,
            pad_token_id=self.tokenizer.eos_token_id,
        )
        was_training = self.model.training
        self.model.eval()
        with torch.no_grad():  # not inference_mode: weights that fsdp gathers here are used again in training
            # Packed attention takes no mask: one unpadded question needs none.
            output = backbone_of(self.model).generate(  # type: ignore[misc]
                ids, generation_config=settings, attention_mask=torch.ones_like(ids)
            )
        self.model.train(was_training)
        return str(self.tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True)).strip()

    def answers(self, dialogues: Sequence[Dialogue]) -> list[str]:
        return [self.answer(dialogue) for dialogue in dialogues]


def wants_samples(config: TrainConfig) -> bool:
    """Whether words of the data may be written out (`tracking.log_samples`)."""
    wanted = config.tracking.log_samples
    return config.data.source == "sample" if wanted == "auto" else wanted


@rank_zero_only
def write_samples(
    run: Run, loggers: Sequence[Logger], dialogues: Sequence[Dialogue], before: Sequence[str], after: Sequence[str]
) -> None:
    """samples.jsonl, and one table in W&B."""
    columns = ["question", "before", "after", "reference"]
    rows = [
        [dialogue.input, old, new, dialogue.output] for dialogue, old, new in zip(dialogues, before, after, strict=True)
    ]
    write_jsonl(run.samples, [dict(zip(columns, row, strict=True)) for row in rows])
    for logger in loggers:
        if isinstance(logger, WandbLogger):
            logger.log_table("samples", columns=columns, data=rows)
