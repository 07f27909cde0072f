"""Memory that runs out: what is done again, with how many tokens, and what is said."""

import weakref
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from medgenius.data.sharing import Share
from medgenius.data.steps import ALL, Step
from medgenius.errors import OutOfMemoryError
from medgenius.training.engine import Engine
from medgenius.training.memory import PassSize, out_of_memory_in_one_line
from tests.support import random_examples

_CPU = (
    "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate "
    "4294967296000 bytes. Error code 12 (Cannot allocate memory)"
)
_ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError(_CPU),
    RuntimeError("std::bad_alloc"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    MemoryError(),
]


def pass_size(tokens: int = 800, *, checkpointing: bool = False) -> PassSize:
    return PassSize(Engine(tokens_per_pass=tokens, compiled=False, checkpointing=checkpointing))


def step(*lengths: int, share: Share = ALL) -> Step:
    return Step(tuple(random_examples(*[(length - 10, 10) for length in lengths])), share)


class Memory:
    """Has room for so many tokens at once; keeps how many it was asked for."""

    def __init__(self, room: int, error: Exception) -> None:
        self.room, self.error = room, error
        self.asked: list[int] = []

    def __call__(self, step: Step, tokens_per_pass: int) -> int:
        self.asked.append(tokens_per_pass)
        if any(piece.layout.tokens > self.room for piece in step.passes(tokens_per_pass)):
            raise self.error
        return tokens_per_pass


@pytest.mark.parametrize("error", _ERRORS, ids=lambda error: type(error).__name__)
def test_passes_become_smaller_until_they_fit_and_stay_so(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    size, memory = pass_size(), Memory(250, error)

    assert size.fit(step(*[90] * 9), memory) == 200
    assert memory.asked == [800, 400, 200]
    (said,) = capsys.readouterr().out.splitlines()
    assert said.startswith("out of memory with passes of 800 tokens: from now on 200, the result stays the same")

    assert size.fit(step(*[90] * 9), memory) == 200
    assert memory.asked[3:] == [200]
    assert capsys.readouterr().out == ""


def test_it_is_half_of_what_the_step_has_where_that_is_less(capsys: pytest.CaptureFixture[str]) -> None:
    memory = Memory(100, MemoryError())

    assert pass_size(16384).fit(step(90, 80), memory) == 85
    assert pass_size(16384).fit(step(90, 80, 70, 60, share=Share(1, 2)), memory) == 75
    assert memory.asked == [16384, 85, 16384, 75]
    assert capsys.readouterr().out.splitlines()[1].startswith("process 1: out of memory")


def test_the_random_generators_are_put_back_and_the_failed_pass_is_gone() -> None:
    drawn: list[Tensor] = []
    alive: list[weakref.ref[Tensor]] = []

    def compute(_: Step, tokens_per_pass: int) -> int:
        assert all(tensor() is None for tensor in alive)
        drawn.append(torch.rand(3))
        held = torch.zeros(1000)
        alive.append(weakref.ref(held))
        if len(drawn) < 3:
            raise MemoryError
        return tokens_per_pass

    pass_size().fit(step(*[90] * 9), compute)

    assert len(drawn) == 3
    assert torch.equal(drawn[0], drawn[1])
    assert torch.equal(drawn[0], drawn[2])


@pytest.mark.parametrize("checkpointing", [False, True])
def test_a_dialogue_that_does_not_fit_alone_is_one_line(checkpointing: bool) -> None:
    memory = Memory(250, MemoryError())
    with pytest.raises(OutOfMemoryError) as refused:
        pass_size(checkpointing=checkpointing).fit(step(300, 90, 90), memory)

    line = str(refused.value)
    assert line.startswith("out of memory: a dialogue of 300 tokens does not fit in a pass of its own")
    assert "trainer.tokens_per_pass" in line
    assert ("trainer.activation_checkpointing=true" in line) != checkpointing
    assert "data.max_length" in line
    assert memory.asked == [800, 240]  # once they were smaller than the dialogue nothing more was tried


def test_under_fsdp_a_process_can_t_do_its_passes_again_alone() -> None:
    with pytest.raises(OutOfMemoryError, match=r"go on with trainer\.tokens_per_pass=400; fsdp can't"):
        pass_size().fit(step(90, 90, 90, share=Share(0, 2, same_passes=True)), Memory(100, MemoryError()))


@pytest.mark.parametrize("error", [RuntimeError("mat1 and mat2 shapes"), ValueError("out of memory")])
def test_another_error_is_left_alone(error: Exception) -> None:
    def failing(_: Step, __: int) -> None:
        raise error

    def whole() -> None:
        with out_of_memory_in_one_line("loading"):
            raise error

    runs: list[Callable[[], None]] = [lambda: pass_size().fit(step(90, 90), failing), whole]
    for run in runs:
        with pytest.raises(type(error)) as raised:
            run()
        assert raised.value is error


def test_elsewhere_it_is_one_line_with_its_cause() -> None:
    wanted = pytest.raises(OutOfMemoryError, match=r"^out of memory while loading: \[enforce fail")
    with wanted as refused, out_of_memory_in_one_line("loading"):
        raise RuntimeError(_CPU)

    assert "\n" not in str(refused.value)


def test_real_memory_of_the_cpu_is_recognised() -> None:
    def allocate(_: Step, tokens_per_pass: int) -> int:
        torch.empty(tokens_per_pass << 50 if tokens_per_pass > 500 else 1)
        return tokens_per_pass

    assert pass_size().fit(step(*[90] * 9), allocate) == 400
