"""No word of a dialogue is in what a run of two processes leaves or prints, the second one's failures included."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.processes import Started, start_two
from tests.training.test_privacy import (
    _LINE,
    MARKER,
    a_defect,
    fail_in_loader,
    fail_in_tokenizer,
    leaks,
    searched,
    surroundings,
    write,
)

__all__ = ["surroundings"]

_TWO = ("trainer=ddp", "trainer.devices=2")


def in_the_second(then: Callable[[], None]) -> None:
    if os.environ["RANK"] == "1":
        then()


def train_two(
    folder: Path, surroundings: dict[str, str], *, bad: bool, prepare: Callable[[], None] | None = None
) -> tuple[Started, Started]:
    data = write(folder / "rows.jsonl", bad=bad)
    line = (*_LINE, *_TWO, f"data.path={data}", f"run.cache_dir={folder}/cache", "data.on_bad_row=skip")
    both = start_two(folder, *line, data=False, prepare=prepare, environment=surroundings)
    for process in both:
        process.status()
    return both


def test_two_processes_leave_no_word_of_their_dialogues(tmp_path: Path, surroundings: dict[str, str]) -> None:
    both = train_two(tmp_path, surroundings, bad=True)

    assert [process.status() for process in both] == [0, 0], [process.text for process in both]
    assert (tmp_path / "run/skipped_rows.jsonl").exists()
    assert (tmp_path / "run/adapter").exists()
    assert list((tmp_path / "run/wandb").glob("offline-run-*"))
    assert searched(tmp_path) == []
    assert MARKER.lower() in (tmp_path / "rows.jsonl").read_text().lower()
    assert leaks(tmp_path, spared=tmp_path / "nothing") == ["rows.jsonl"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("failing", "said"),
    [
        (fail_in_loader, "RuntimeError at medgenius/"),
        (fail_in_tokenizer, "TypeError at medgenius/"),
        (a_defect, "RuntimeError"),
    ],
)
def test_a_second_process_that_fails_with_a_row_in_its_error_leaves_none(
    failing: Callable[[], None], said: str, tmp_path: Path, surroundings: dict[str, str]
) -> None:
    both = train_two(tmp_path, surroundings, bad=True, prepare=partial(in_the_second, failing))

    assert both[1].status() == 1
    assert both[0].status() == 1, both[0].text  # it can't go on alone
    assert said in both[1].text
    assert searched(tmp_path) == []
