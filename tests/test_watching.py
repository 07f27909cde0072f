"""What a person sees of long work, with a terminal and without."""

import io

import pytest
from rich.console import Console

from medgenius import watching
from medgenius.watching import Watched


def _lines(console: Console) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_without_a_terminal_the_end_is_a_line_and_short_work_has_no_other() -> None:
    console = Console(file=io.StringIO())
    done = 0

    with Watched(console, "rows", 3, lambda: f"{done}/3") as watched:
        for done in (1, 2, 3):
            watched.update(done)

    assert _lines(console) == ["rows: 3/3"]


def test_without_a_terminal_long_work_has_lines_and_none_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_LINE_EVERY", 0.0)
    console = Console(file=io.StringIO())
    done = 0

    with Watched(console, "", 2, lambda: f"step {done}/2") as watched:
        for done in (1, 2):
            watched.update(done)

    assert _lines(console) == ["step 1/2", "step 2/2"]


def test_work_that_failed_tells_no_end() -> None:
    console = Console(file=io.StringIO())

    with pytest.raises(ZeroDivisionError), Watched(console, "rows", 3, lambda: "1/3") as watched:
        watched.update(1 / 0)

    assert _lines(console) == []


def test_a_terminal_has_a_bar_with_the_text_and_no_lines() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)
    done = 0

    with Watched(console, "choices", 4, lambda: f"{done}/4 items [not markup]") as watched:
        for done in (1, 2, 3, 4):
            watched.update(done)

    last = [line for line in _lines(console) if "choices" in line][-1]
    assert "━" in last
    assert "4/4 items [not markup]" in last
    assert "choices: " not in console.file.getvalue()  # type: ignore[attr-defined]
