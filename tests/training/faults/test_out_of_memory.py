"""Memory that runs out at a step: smaller passes, and the same result."""

import json
import os
import resource
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.processes import LINE, start, start_two
from tests.training.faults.test_kill import losses_of, state_of

_SHORT = (*LINE, "trainer.max_steps=6", "trainer.validate_every=4", "run.name=run")
_EXACT = ("lora.dropout=0", "trainer.precision=fp32", "optimizer=adamw")
"""Nothing random and nothing coarse: what is left is rounding."""


def wrap_step(before: Callable[[int], None]) -> None:
    """Call `before` with the number of each training step, from 0, when it begins."""
    from medgenius.training.module import FineTuning  # noqa: PLC0415  in the process that trains

    original = FineTuning.training_step

    def told(self: FineTuning, *arguments: object) -> None:
        before(self.steps_done)
        original(self, *arguments)  # type: ignore[arg-type]

    FineTuning.training_step = told  # type: ignore[assignment,method-assign]


def run_out(step: int, passes: int = 1, rank: str | None = None) -> None:
    """In that step memory is gone after so many passes, whose gradients are there by then; once."""
    from medgenius.model import backend  # noqa: PLC0415  in the process that trains

    original, left = vars(backend)["target_loss_sum"], -1

    def begin(number: int) -> None:
        nonlocal left
        left = passes if number == step else left

    def limited(*arguments: object) -> torch.Tensor:
        nonlocal left
        if left == 0:
            left = -1
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        left -= left > 0
        loss: torch.Tensor = original(*arguments)
        return loss

    if rank is None or rank == os.environ["RANK"]:
        wrap_step(begin)
        vars(backend)["target_loss_sum"] = limited


def assert_close(run: Path, other: Path) -> None:
    """The same losses and the same adapter up to rounding in fp32."""
    for ours, theirs in zip(losses_of(run), losses_of(other), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-5)
    adapter, wanted = (load_file(path / "adapter/adapter_model.safetensors") for path in (run, other))
    for name, tensor in wanted.items():
        assert (adapter[name] - tensor).norm() <= 1e-4 * tensor.norm(), name


@pytest.fixture(scope="module")
def exact(untouched: tuple[Path, float], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody disturbed, without dropout and in fp32."""
    root = tmp_path_factory.mktemp("exact")
    process = start(root, *_SHORT, *_EXACT)
    assert process.status() == 0, process.text
    return root / "run"


def test_a_step_without_memory_is_done_again_with_the_same_result(exact: Path, tmp_path: Path) -> None:
    process = start(tmp_path, *_SHORT, *_EXACT, prepare=partial(run_out, step=2))

    assert process.status() == 0, process.text
    assert process.text.count("out of memory") == 1
    assert "out of memory with passes of 384 tokens: from now on 192, the result stays the same" in process.text
    assert_close(tmp_path / "run", exact)


def test_one_of_two_processes_does_its_share_again(exact: Path, tmp_path: Path) -> None:
    two = (*_SHORT, *_EXACT, "trainer=ddp", "trainer.devices=2")
    both = start_two(tmp_path, *two, prepare=partial(run_out, step=2, passes=0, rank="1"))

    assert [process.status() for process in both] == [0, 0], [process.text for process in both]
    assert [process.text.count("out of memory") for process in both] == [0, 1]
    assert "process 1: out of memory with passes of 384 tokens" in both[1].text
    assert_close(tmp_path / "run", exact)


def test_in_the_first_step_it_ends_with_the_bytes_of_a_run_that_began_with_smaller_passes(
    untouched: tuple[Path, float], tmp_path: Path
) -> None:
    """With dropout: what the failed pass had drawn is drawn again, and the gradients it had left are gone."""
    failed = start(tmp_path / "failed", *_SHORT, prepare=partial(run_out, step=0))
    small = start(tmp_path / "small", *_SHORT, "trainer.tokens_per_pass=192")

    assert failed.status() == small.status() == 0, failed.text
    assert state_of(tmp_path / "failed/run") == state_of(tmp_path / "small/run")
    assert losses_of(tmp_path / "failed/run") == losses_of(tmp_path / "small/run")


def limit_memory(step: int, room: int) -> None:
    """From that step on the process may have so many bytes more than it has."""

    def limit(number: int) -> None:
        if number == step:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            size = pages * resource.getpagesize() + room
            resource.setrlimit(resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))

    wrap_step(limit)


def write_long_dialogues(path: Path) -> None:
    rows = [{"input": f"Is {i} even?", "output": f"It is {i}, so look at its last digit. " * 12} for i in range(44)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


_LARGE = (
    *("model.intermediate_size=1024", "data.max_length=600", "trainer.batch_size=20", "trainer.tokens_per_pass=20000"),
    *("trainer.max_steps=2", "trainer.validate_every=1000"),
)
"""A pass takes all 20 dialogues, some hundred megabytes in pieces so large that each goes back to the system."""


def test_a_process_whose_memory_is_really_limited_has_the_same_result(
    untouched: tuple[Path, float], tmp_path: Path
) -> None:
    for name, prepare in (("free", None), ("limited", partial(limit_memory, step=1, room=64 << 20))):
        (tmp_path / name).mkdir()
        write_long_dialogues(tmp_path / name / "dialogues.jsonl")
        process = start(tmp_path / name, *_SHORT, *_EXACT, *_LARGE, prepare=prepare)
        assert process.status() == 0, process.text
        assert process.text.count("out of memory with passes of") == (name == "limited")

    assert_close(tmp_path / "limited/run", tmp_path / "free/run")


def never_fits(step: int) -> None:
    """From that step on there is memory for no pass at all, unless activations are computed again."""
    from medgenius.model import backend  # noqa: PLC0415  in the process that trains

    reached = False

    def begin(number: int) -> None:
        nonlocal reached
        reached = number >= step

    def limited(*_: object) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")

    original = vars(backend)["target_loss_sum"]
    wrap_step(begin)
    vars(backend)["target_loss_sum"] = lambda *given: limited() if reached else original(*given)


def test_a_dialogue_that_never_fits_is_one_line_and_the_run_can_go_on(
    untouched: tuple[Path, float], tmp_path: Path
) -> None:
    process = start(tmp_path, *_SHORT, "run.resume=auto", prepare=partial(never_fits, step=4))

    assert process.status() == 1
    (line,) = [text for text in process.text.splitlines() if text.startswith("error:")]
    assert "does not fit in a pass of its own, so trainer.tokens_per_pass can't help" in line
    assert "trainer.activation_checkpointing=true" in line
    assert "Traceback" not in process.text
    assert "does not fit" in json.loads((tmp_path / "run/summary.json").read_text())["error"]

    process = start(tmp_path, f"run.resume={tmp_path}/run", "trainer.activation_checkpointing=true", data=False)
    assert process.status() == 0, process.text
    assert "resume after step 4 of 6" in process.text  # a validation came after it
    assert "activations computed again" in process.text
