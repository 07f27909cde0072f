"""What a run stands on: caches, folders, the clock. Damaged is made anew, absent is one line, and the rest goes on."""

import os
import resource
import shutil
from functools import partial
from pathlib import Path

from tests.processes import LINE, start, write_dialogues
from tests.support import cache_dir
from tests.training.faults.powers import without_powers
from tests.training.faults.test_kill import assert_equal
from tests.training.faults.test_out_of_memory import wrap_step

_SHORT = (*LINE, "trainer.max_steps=2", "run.name=run")


def the_error(text: str) -> str:
    """The one line of a run that was refused."""
    assert "Traceback" not in text
    (line,) = [line for line in text.splitlines() if line.startswith("error:")]
    return line


def test_a_damaged_cache_is_made_anew_and_the_bytes_are_the_same(untouched: tuple[Path, float], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(cache_dir(), cache, ignore=shutil.ignore_patterns("kernels", "SmolLM2*", ".*"))
    weights = list(cache.glob("models/*/model.safetensors"))
    tokens = list(cache.glob("tokens/*.safetensors"))
    for file in (*weights, *tokens):
        file.write_bytes(file.read_bytes()[:-7])

    process = start(tmp_path, *LINE, "run.name=run", f"run.cache_dir={cache}")

    assert process.status() == 0, process.text
    assert weights
    assert tokens
    assert process.text.count("is damaged: written anew") == 1
    assert process.text.count("is damaged: tokenizing anew") == 2
    assert_equal(tmp_path / "run", untouched[0])


def test_a_home_that_cannot_be_written_matters_only_where_the_cache_lies_in_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o555)
    elsewhere = start(tmp_path, *_SHORT, "tracking=offline", prepare=partial(at_home, home))
    inside = start(tmp_path, *_SHORT, "run.name=other", "run.cache_dir='~/.cache'", prepare=partial(at_home, home))

    assert elsewhere.status() == 0, elsewhere.text
    assert "Traceback" not in elsewhere.text
    assert not list(home.iterdir())
    assert inside.status() == 1
    assert the_error(inside.text).startswith(f"error: run.cache_dir: {home}/.cache/models/tiny")
    assert "cannot be written: Permission denied" in inside.text


def at_home(home: Path) -> None:
    without_powers()
    for variable in [name for name in os.environ if name.startswith("XDG_")]:
        del os.environ[variable]
    os.environ["HOME"] = str(home)


def test_no_room_for_the_tokens_is_said_once_and_the_run_goes_on(untouched: tuple[Path, float], tmp_path: Path) -> None:
    write_dialogues(tmp_path / "dialogues.jsonl", 2000)
    room = 200_000  # for each file that the run itself writes
    process = start(tmp_path, *_SHORT, "lora.r=2", prepare=partial(limit_files, room))

    assert process.status() == 0, process.text
    assert process.text.count("tokens are not kept for the next run") == 1
    assert "File too large" in process.text


def limit_files(size: int) -> None:
    """Files of this process may have that many bytes, as on a disk that is full; Python ignores SIGXFSZ."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_no_room_for_the_model_is_one_line(tmp_path: Path) -> None:
    process = start(tmp_path, *_SHORT, f"run.cache_dir={tmp_path}/cache", prepare=partial(limit_files, 20_000))

    assert process.status() == 1
    assert the_error(process.text).startswith(f"error: run.cache_dir: {tmp_path}/cache/models/tiny")
    assert "File too large" in process.text
    assert not list((tmp_path / "cache/models").iterdir())


def test_a_root_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    write_dialogues(root / "dialogues.jsonl")
    root.chmod(0o555)
    process = start(root, *_SHORT, prepare=without_powers)

    assert process.status() == 1
    assert process.text.strip() == f"error: {root}/run cannot be made: Permission denied"


def test_a_run_directory_that_becomes_read_only_is_one_line_and_the_run_can_go_on(
    untouched: tuple[Path, float], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    line = (*LINE, "run.name=run", "run.resume=auto")
    process = start(tmp_path, *line, prepare=partial(make_read_only, run, step=4))

    assert process.status() == 1
    assert "checkpoints/step-000005 cannot be written: Permission denied" in the_error(process.text)
    assert [path.name for path in (run / "checkpoints").iterdir()] == ["step-000003"]
    (run / "checkpoints").chmod(0o755)
    process = start(tmp_path, *line)
    assert process.status() == 0, process.text
    assert_equal(run, untouched[0])


def make_read_only(run: Path, step: int) -> None:
    def change(number: int) -> None:
        if number == step:
            (run / "checkpoints").chmod(0o555)

    without_powers()
    wrap_step(change)
