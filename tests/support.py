"""Configs, models and examples for tests, made the way training makes them."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import LlamaForCausalLM, PreTrainedTokenizerBase

from medgenius.config import app
from medgenius.config.train import TrainConfig
from medgenius.data.dialogue import Message
from medgenius.data.prompt import Example
from medgenius.model.adapter import add_adapter, backbone_of
from medgenius.model.backbone import load_backbone

ROOT = Path(__file__).parents[1]


def composed(*overrides: str) -> TrainConfig:
    """conf/train.yaml with overrides, checked."""
    return app.composed(TrainConfig, *overrides)


def cache_dir() -> Path:
    return Path(os.environ["MEDGENIUS_CACHE"])


def tiny_model(*overrides: str, dtype: torch.dtype = torch.float32, device: str = "cpu") -> PeftModel:
    """The tiny LLaMA with an adapter whose B is not zero, so that every gradient is."""
    config = composed("model=tiny", *overrides)
    backbone = load_backbone(config.model, cache_dir(), dtype, torch.device(device))
    model = add_adapter(backbone, config.lora, seed=1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.05)
    return model


def plain_twin(model: PeftModel, dropout: float = 0.0) -> PeftModel:
    """The same weights, base and adapter, in transformers' and PEFT's own modules alone."""
    ours = model.peft_config["default"]
    assert isinstance(ours, LoraConfig)
    folder = backbone_of(model).config.name_or_path
    quantization = backbone_of(model).config.to_dict().get("quantization_config")
    base = LlamaForCausalLM.from_pretrained(
        folder, dtype=backbone_of(model).dtype, quantization_config=quantization, attn_implementation="eager"
    )
    settings = LoraConfig(
        r=ours.r,
        lora_alpha=ours.lora_alpha,
        lora_dropout=dropout,
        target_modules=ours.target_modules,
        task_type="CAUSAL_LM",
    )
    twin = get_peft_model(base.requires_grad_(False), settings)
    state = {name: p for name, p in model.named_parameters() if "lora_" in name}
    missing = twin.load_state_dict(state, strict=False)
    assert not missing.unexpected_keys
    return cast("PeftModel", twin.train())  # in evaluation bitsandbytes repacks and rounds 4-bit weights on some CPUs


def random_examples(*lengths: tuple[int, int], prefix: int = 0, seed: int = 0) -> list[Example]:
    """Examples of random tokens; each length is (prompt, answer), behind a prefix that all prompts share."""
    generator = torch.Generator().manual_seed(seed)

    def ids(count: int) -> list[int]:
        return torch.randint(3, 259, (count,), generator=generator).tolist()

    shared = ids(prefix)
    return [Example(shared + ids(prompt), ids(answer), truncated=False) for prompt, answer in lengths]


def greedy(model: LlamaForCausalLM, prompt_ids: list[int], new_tokens: int) -> list[int]:
    """What transformers' own generate answers."""
    ids = torch.tensor([prompt_ids])
    found = model.generate(ids, max_new_tokens=new_tokens, do_sample=False)  # type: ignore[misc]
    answer: list[int] = found[0, len(prompt_ids) :].tolist()
    return answer


def templated(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> list[int]:
    """The prompt's ids through the tokenizer's chat template."""
    turns = [{"role": message.role, "content": message.content} for message in messages]
    found = cast("dict[str, list[int]]", tokenizer.apply_chat_template(turns, add_generation_prompt=True))
    return found["input_ids"]
