"""How far the merged model is from the one that was trained and evaluated: the adapter on its quantised base."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import torch
from torch import Tensor
from transformers import LlamaForCausalLM, PreTrainedModel

from medgenius.data.prompt import Example
from medgenius.inference.tuned import TunedModel
from medgenius.model.adapter import backbone_of
from medgenius.publishing.findings import Fidelity

_POSITIONS: Final = 64
"""Compared at once: a vocabulary of 128,256 takes 33 MB in fp32."""


def measure(tuned: TunedModel, merged: Path, examples: Sequence[Example]) -> Fidelity:
    """Compare both over the target positions of validation examples, with the reference answer before each."""
    other = load_plain(merged, tuned.model.dtype, tuned.model.device)
    kl, same, positions = 0.0, 0, 0
    with torch.no_grad():
        for example in examples:
            ids = torch.tensor([example.prompt_ids + example.answer_ids], device=tuned.model.device)
            first = len(example.prompt_ids) - 1
            for p, q in _pieces(backbone_of(tuned.model), other, ids, first):
                kl += float((p.exp() * (p - q)).sum())
                same += int((p.argmax(-1) == q.argmax(-1)).sum())
                positions += len(p)
    return Fidelity(kl / positions, same / positions, positions, len(examples))


def _pieces(one: PreTrainedModel, other: PreTrainedModel, ids: Tensor, first: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Log-probabilities of both ([positions, vocabulary], fp32), a few positions at a time."""
    pair = [
        model(ids, attention_mask=torch.ones_like(ids), use_cache=False).logits[0, first:-1] for model in (one, other)
    ]
    for p, q in zip(*(logits.split(_POSITIONS) for logits in pair), strict=True):
        yield p.float().log_softmax(-1), q.float().log_softmax(-1)


def load_plain(folder: Path, dtype: torch.dtype, device: torch.device) -> LlamaForCausalLM:
    """A merged model as transformers alone loads it."""
    model: LlamaForCausalLM = LlamaForCausalLM.from_pretrained(
        folder, dtype=dtype, device_map={"": device}, use_safetensors=True, trust_remote_code=False
    )
    model.eval().requires_grad_(False)
    return model
