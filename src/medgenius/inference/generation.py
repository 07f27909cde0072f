"""Greedy answers to many prompts: those of a length together, refilled as they finish."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from medgenius.data.steps import shared_length
from medgenius.inference.cache import rounded
from medgenius.inference.decoder import Capacity, Decoder, DecodeRequest
from medgenius.inference.tuned import TunedModel

_SEQUENCES = {"cpu": 32, "cuda": 256}
"""That run at once. On CPU more bring little: reading the weights is spread over enough rows, and keys and values
have to be read for each."""
_TOKENS = {"cpu": 16_384, "cuda": 131_072}
"""Whose keys and values are kept"""


@dataclass(frozen=True, slots=True)
class Generated:
    index: int
    """Of the prompt"""
    ids: list[int]
    """Without the end-of-sequence token"""
    finished: bool
    """The model ended it; otherwise it was cut at `max_new_tokens`."""


def generate(
    tuned: TunedModel,
    prompts: Sequence[Sequence[int]],
    max_new_tokens: int,
    on_progress: Callable[[int, int], None] | None = None,
) -> Iterator[Generated]:
    """The answers, each as soon as it is finished, the longest prompts first.

    Inside `with tuned.base()` those of the model without its adapter; what counts is the first `next`.

    Args:
        on_progress: told of tokens done and tokens in all, an answer counting as `max_new_tokens` once it is finished

    Raises:
        RequestError: a prompt with its answer is longer than the model or the cache allows.
    """
    if not prompts:
        return
    device = tuned.model.device.type
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]), reverse=True)
    longest = len(prompts[order[0]]) + max_new_tokens
    capacity = Capacity(
        _SEQUENCES[device], max(_TOKENS[device], rounded(longest)), prompt_tokens=longest * _SEQUENCES[device]
    )
    decoder = Decoder(tuned, capacity, prompts[0][: shared_length(prompts)])
    for index in order:
        decoder.add(DecodeRequest(index, prompts[index], max_new_tokens))
    answers: dict[int, list[int]] = {}
    done, total = 0, sum(map(len, prompts)) + max_new_tokens * len(prompts)
    while len(decoder):
        for token in decoder.step():
            index = int(token.request_id)
            ids = answers.setdefault(index, [])
            if token.finished != "stop":
                ids.append(token.token_id)
            if token.finished:
                yield Generated(index, answers.pop(index), token.finished == "stop")
                done += len(prompts[index]) + max_new_tokens
                if on_progress:
                    on_progress(done, total)
