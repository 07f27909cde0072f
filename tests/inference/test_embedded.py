"""The embedded model: its tokens and likelihoods are those of plain transformers in fp32, and in bf16 those of one
answer at a time to the last bit of every logit."""

import pytest
import torch

from medgenius.data.prompt import Prompt
from medgenius.inference.decoder import Capacity, Decoder, DecodeRequest
from medgenius.inference.generation import generate
from medgenius.inference.likelihood import ChoiceItem, choice_log_likelihoods
from medgenius.inference.tuned import TunedModel
from medgenius.model.adapter import add_adapter, backbone_of
from medgenius.model.backbone import load_backbone, load_tokenizer
from tests.inference.support import answered_alone, cut_at, sample_prompts
from tests.support import cache_dir, composed, plain_twin

pytestmark = pytest.mark.slow
PROMPTS = 12
NEW = 32


def embedded(dtype: torch.dtype) -> TunedModel:
    """With an adapter of the size that training gives it."""
    config = composed()
    tokenizer = load_tokenizer(config.model, cache_dir())
    model = add_adapter(load_backbone(config.model, cache_dir(), dtype, torch.device("cpu")), config.lora, seed=1)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.data.normal_(std=0.005)
    return TunedModel(model.eval().requires_grad_(False), tokenizer, Prompt(config.prompt, tokenizer), config)


def test_in_fp32_answers_and_likelihoods_are_those_of_transformers() -> None:
    tuned = embedded(torch.float32)
    twin = plain_twin(tuned.model)
    prompts = sample_prompts(tuned, PROMPTS)
    end = int(tuned.tokenizer.eos_token_id)

    answers = {answer.index: answer.ids for answer in generate(tuned, prompts, NEW)}

    alone = [answered_alone(twin, prompt, NEW) for prompt in prompts]
    assert answers == {index: cut_at(ids, end) for index, ids in enumerate(alone)}
    items = [ChoiceItem(prompt, (ids[:9], ids[9:12], ids[-1:])) for prompt, ids in zip(prompts, alone, strict=True)]
    found = dict(choice_log_likelihoods(tuned, items))
    for index, item in enumerate(items):
        for continuation, log_likelihood in zip(item.continuations, found[index], strict=True):
            ids = torch.tensor([item.context_ids + continuation])
            with torch.inference_mode():
                rows = backbone_of(twin)(ids).logits[0, len(item.context_ids) - 1 : -1].log_softmax(-1)
            expected = rows.gather(1, torch.tensor(continuation)[:, None]).sum()
            # Two ways to sum products in fp32, through thirty layers, for each of up to nine tokens and more.
            assert log_likelihood == pytest.approx(float(expected), abs=5e-5 * (1 + len(continuation)))


def test_in_bf16_company_changes_no_token() -> None:
    tuned = embedded(torch.bfloat16)
    prompts = sample_prompts(tuned, PROMPTS)

    together = {answer.index: answer.ids for answer in generate(tuned, prompts, NEW)}

    for index, prompt in enumerate(prompts):
        decoder = Decoder(tuned, Capacity(1, 4096, prompt_tokens=97))
        decoder.add(DecodeRequest(index, prompt, NEW))
        ids = []
        while len(decoder):
            ids += [token.token_id for token in decoder.step() if token.finished != "stop"]
        assert ids == together[index]
