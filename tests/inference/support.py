"""Models and prompts for tests of inference, and what plain transformers says of them."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace

import torch
from peft import PeftModel
from transformers import GenerationConfig

from medgenius.data.dialogue import prompt_messages
from medgenius.data.prompt import Prompt
from medgenius.data.sources import load_dialogues
from medgenius.inference.tuned import TunedModel
from medgenius.model.adapter import backbone_of
from medgenius.model.backbone import load_tokenizer
from tests.support import cache_dir, composed, tiny_model


def tiny_tuned(*overrides: str, dtype: torch.dtype = torch.float32) -> TunedModel:
    """The tiny model with an adapter that changes its answers, as `load_tuned` gives it."""
    config = composed("model=tiny", *overrides)
    tokenizer = load_tokenizer(config.model, cache_dir())
    model = tiny_model(*overrides, dtype=dtype).eval().requires_grad_(False)
    return TunedModel(model, tokenizer, Prompt(config.prompt, tokenizer), config)


def sample_prompts(tuned: TunedModel, count: int) -> list[list[int]]:
    """Token ids of questions of the shipped sample, of very different lengths."""
    dialogues = sorted(load_dialogues(tuned.config.data, 0).dialogues, key=lambda dialogue: len(dialogue.input))
    chosen = dialogues[:: len(dialogues) // count][:count]
    return [tuned.prompt.encode_prompt(prompt_messages(dialogue)) for dialogue in chosen]


@torch.inference_mode()
def answered_alone(model: PeftModel, prompt: Sequence[int], max_new_tokens: int) -> list[int]:
    """transformers' own greedy answer to one prompt, which no token ends."""
    llama = backbone_of(model)
    ids = torch.tensor([prompt])
    settings = GenerationConfig(max_new_tokens=max_new_tokens, do_sample=False, eos_token_id=-1, pad_token_id=0)
    output = llama.generate(ids, generation_config=settings, attention_mask=torch.ones_like(ids))  # type: ignore[misc]
    new: list[int] = output[0, len(prompt) :].tolist()
    return new


def ending_with(tuned: TunedModel, end: int) -> TunedModel:
    """With another token as the end of a sequence."""
    tokenizer = deepcopy(tuned.tokenizer)
    tokenizer.eos_token = tokenizer.convert_ids_to_tokens(end)
    return replace(tuned, tokenizer=tokenizer)


def cut_at(ids: list[int], end: int) -> list[int]:
    """As a model answers for which `end` is the end-of-sequence token."""
    return ids[: ids.index(end)] if end in ids else ids
