"""The folder as others will use it: loaded anew, without MedGenius, and asked what the run was asked."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final, TypedDict

import torch
from pydantic import BaseModel, TypeAdapter
from transformers import GenerationConfig

from medgenius.data.dialogue import Dialogue, prompt_messages
from medgenius.errors import PublishError
from medgenius.inference.tuned import TunedModel
from medgenius.model.adapter import backbone_of
from medgenius.publishing.findings import Verified

_NEW_TOKENS: Final = 32
_SCRIPT: Final = Path(__file__).with_name("reload.py")


class _Item(TypedDict):
    messages: list[dict[str, str]]
    answer_ids: list[int]


class _Answer(BaseModel):
    prompt_ids: list[int]
    next_ids: list[int]
    answer_ids: list[int]


def verify(tuned: TunedModel, folder: Path, dialogues: Sequence[Dialogue], min_agreement: float) -> Verified:
    """Repeat the dialogues with the merged model in a fresh process.

    Raises:
        PublishError: it can't be loaded, its prompt is cut into other tokens, or its answers are others.
    """
    items: list[_Item] = [
        {
            "messages": [asdict(message) for message in prompt_messages(dialogue)],
            "answer_ids": greedy_answer(tuned, tuned.prompt.encode_prompt(prompt_messages(dialogue))),
        }
        for dialogue in dialogues
    ]
    answers = _reloaded(folder, items)
    same = total = equal = 0
    for number, (dialogue, item, answer) in enumerate(zip(dialogues, items, answers, strict=True), start=1):
        if answer.prompt_ids != tuned.prompt.encode_prompt(prompt_messages(dialogue)):
            raise PublishError(f"publish.verify: item {number}: the chat template gives other tokens than training")
        asked = item["answer_ids"]
        same += sum(a == b for a, b in zip(asked, answer.next_ids, strict=True))
        total += len(asked)
        equal += asked == answer.answer_ids
    found = Verified(len(items), same / total, equal)
    if found.agreement < min_agreement:
        raise PublishError(
            f"publish.verify: reloaded, the model gives {found.agreement:.1%} of the run's answer tokens, and at least "
            f"{min_agreement:.1%} is asked for (min_agreement in publish.fidelity)"
        )
    return found


def greedy_answer(tuned: TunedModel, prompt_ids: Sequence[int]) -> list[int]:
    """The run's own answer, with its end-of-sequence token where it came to one."""
    ids = torch.tensor([list(prompt_ids)], device=tuned.model.device)
    eos = tuned.tokenizer.eos_token_id
    settings = GenerationConfig(max_new_tokens=_NEW_TOKENS, do_sample=False, eos_token_id=eos, pad_token_id=eos)
    with torch.no_grad():
        output = backbone_of(tuned.model).generate(  # type: ignore[misc]
            ids, generation_config=settings, attention_mask=torch.ones_like(ids)
        )
    answer: list[int] = output[0, ids.shape[1] :].tolist()
    return answer


def _reloaded(folder: Path, items: Sequence[_Item]) -> list[_Answer]:
    job = json.dumps({"folder": str(folder), "new_tokens": _NEW_TOKENS, "items": items})
    # -P: the script's own folder is no place to import from.
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-P", str(_SCRIPT)],
        input=job,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise PublishError(f"publish.verify: {folder} can't be loaded by transformers alone: {last}")
    return TypeAdapter(list[_Answer]).validate_json(done.stdout)
