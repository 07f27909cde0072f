"""Memory that runs out: the step is done again in smaller passes, and anything else is one line."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch

from medgenius.data.steps import Step
from medgenius.errors import OutOfMemoryError
from medgenius.training.engine import Engine
from medgenius.training.rng import random_state, set_random_state

T = TypeVar("T")

_WORDS = ("out of memory", "can't allocate memory", "bad_alloc", "ALLOC_FAILED")
"""Of CUDA and NCCL, of torch's allocator on CPU, of C++, of cuBLAS: errors that have no class of their own."""


class PassSize:
    """How many tokens a pass holds: as many as the engine says, and half of it each time that memory runs out.

    The loss is a mean over the tokens of a step, not of a pass, so the result stays the same.
    """

    def __init__(self, engine: Engine) -> None:
        self.tokens = engine.tokens_per_pass
        self._checkpointing = engine.checkpointing

    def fit(self, step: Step, compute: Callable[[Step, int], T]) -> T:
        """`compute(step, tokens_per_pass)`, from its start again until there is memory enough.

        Raises:
            OutOfMemoryError: smaller passes can't help.
        """
        rng, before = random_state(), self.tokens
        while True:
            try:
                result = compute(step, self.tokens)
                break
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
            # Not in the handler: there the error holds the tensors of the pass that failed.
            self._halve(step)
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            set_random_state(rng)
        if self.tokens < before:
            who = f"process {step.share.rank}: " if step.share.processes > 1 else ""
            print(
                f"{who}out of memory with passes of {before:,} tokens: from now on {self.tokens:,}, the result stays "
                f"the same (next time trainer.tokens_per_pass={self.tokens})",
                flush=True,
            )
        return result

    def _halve(self, step: Step) -> None:
        if step.share.same_passes:  # the others are in the middle of a pass that all gather weights for
            raise OutOfMemoryError(
                f"out of memory with passes of {self.tokens:,} tokens: go on with trainer.tokens_per_pass="
                f"{self.tokens // 2}; fsdp can't make them smaller on the way"
            )
        lengths = [len(dialogue) for dialogue in step.hand]
        if self.tokens <= max(lengths):  # its pass is the largest, and no smaller one helps it
            remedy = "start anew with a smaller data.max_length"
            if not self._checkpointing:
                remedy = f"go on with trainer.activation_checkpointing=true, or {remedy}"
            raise OutOfMemoryError(
                f"out of memory: a dialogue of {max(lengths):,} tokens does not fit in a pass of its own, so "
                f"trainer.tokens_per_pass can't help; {remedy}"
            )
        self.tokens = min(self.tokens, sum(lengths)) // 2


def is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _WORDS)


@contextmanager
def out_of_memory_in_one_line(doing: str) -> Iterator[None]:
    """
    Raises:
        OutOfMemoryError: memory ran out inside, where nothing can be made smaller.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        cause = " ".join(str(error).split())[:200]
        raise OutOfMemoryError(f"out of memory while {doing}{': ' * bool(cause)}{cause}") from None
