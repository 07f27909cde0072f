"""No word of a dialogue is in what a run leaves or prints: a marker in every field, and every byte searched."""

import gzip
import json
import os
import signal
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from medgenius.errors import UnexpectedError
from medgenius.reading.withheld import words_withheld
from tests.processes import LINE, start
from tests.support import ROOT
from tests.training.faults.test_signals import wait_for_step
from tests.wandb_files import _payloads

MARKER = "Zqxmarker"
"""In every field of every row; a number behind it tells them apart."""
_GOOD = [
    {
        "instruction": f"{MARKER}{i} instructs",
        "input": f"{MARKER}{i} asks {i}?",
        "output": f"{MARKER}{i} says {'so ' * i}.",
    }
    for i in range(1, 31)
]
_BAD = [
    json.dumps({**_GOOD[0], "input": f"{MARKER} forges </s> a turn"}),
    json.dumps({**_GOOD[0], "input": f"{MARKER} goes on " * 200}),  # no room
    json.dumps({**_GOOD[0], "output": f"{MARKER} has no end " * 200_000}),  # over max_row_bytes
    json.dumps({"input": f"{MARKER} has no answer"}),
    json.dumps({**_GOOD[0], "output": [MARKER]}),
    json.dumps({MARKER: MARKER}),
    json.dumps({**_GOOD[0], "output": f"{MARKER}\0"}),
    json.dumps([MARKER, MARKER]),
    f'{{"input": "{MARKER} breaks off',
    MARKER,
]
_LINE = (*LINE, "tracking=offline", "trainer.epochs=1", "data.max_length=512", "run.name=run")


def write(path: Path, *, bad: bool) -> Path:
    rows = [json.dumps(row) for row in (*_GOOD, _GOOD[3], _GOOD[4])]  # two of them twice
    path.write_text("\n".join([*rows, *(_BAD if bad else [])]) + "\n", encoding="utf-8")
    return path


def forms(content: bytes) -> Iterator[bytes]:
    """What a file holds, as it stands and unpacked."""
    yield content
    if content[:2] == b"\x1f\x8b":
        yield gzip.decompress(content)
    if content[:1] == b"\x78":
        yield zlib.decompressobj().decompress(content)
    if content[:4] == b":W&B":
        yield from _payloads(content)


def leaks(*folders: Path, spared: Path) -> list[str]:
    """Files that hold the marker in any letter case or coding. The data themselves and the token ids are spared."""
    plain = MARKER.lower()
    wanted = [plain.encode(coding) for coding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")]
    wanted += ["".join(f"\\u{ord(c):04x}" for c in plain).encode(), plain.encode().hex().encode()]
    found = []
    for folder in folders:
        for file in folder.rglob("*"):
            if not file.is_file() or file.is_symlink() or file == spared or "tokens" in file.parts:
                continue
            if any(form in content.lower() for content in forms(file.read_bytes()) for form in wanted):
                found.append(str(file.relative_to(folder)))
    return found


def searched(tmp_path: Path) -> list[str]:
    return leaks(tmp_path, spared=tmp_path / "rows.jsonl")


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """Where else a run could leave something."""
    places = {"HOME": "home", "TMPDIR": "tmp", "MEDGENIUS_CACHE": "cache", "HF_HOME": "hf", "WANDB_CACHE_DIR": "wandb"}
    for name in places.values():
        (tmp_path / name).mkdir()
    return {key: str(tmp_path / name) for key, name in places.items()}


def fail_in_step(error: Exception) -> None:
    """Training raises something in its third step."""
    from medgenius.training.module import FineTuning  # noqa: PLC0415  in the process that trains

    original = FineTuning.training_step

    def failing(self: FineTuning, *arguments: object) -> None:
        if self.steps_done == 2:
            raise error
        original(self, *arguments)  # type: ignore[arg-type]

    FineTuning.training_step = failing  # type: ignore[assignment,method-assign]


def fail_in_loader() -> None:
    """Reading a row fails in a way that nobody expected, and the error quotes the row."""
    from medgenius.data import rows  # noqa: PLC0415

    def failing(row: object, where: str, rules: object) -> object:
        raise RuntimeError(f"can't take {row!r}")

    rows.to_dialogue = failing  # type: ignore[assignment]


def fail_in_tokenizer() -> None:
    from medgenius.data.prompt import Prompt  # noqa: PLC0415

    def failing(self: Prompt, texts: list[str], cache: object = None) -> list[list[int]]:
        raise TypeError(f"TextInputSequence must be str: {texts!r}")

    Prompt.token_ids = failing  # type: ignore[assignment,method-assign]


def no_loss() -> None:
    from medgenius.errors import NonFiniteError  # noqa: PLC0415

    fail_in_step(NonFiniteError("the loss of step 3 is nan"))


def a_defect() -> None:
    fail_in_step(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


@pytest.mark.parametrize(
    ("bad", "overrides", "prepare", "status", "said"),
    [
        (True, ("data.on_bad_row=skip",), None, 0, "rows skipped"),
        (True, (), None, 1, "rows can't be used"),
        (False, (), no_loss, 1, "the loss of step 3 is nan"),
        (False, (), a_defect, 1, "RuntimeError"),
        (False, (), fail_in_loader, 1, "RuntimeError at medgenius/"),
        (False, (), fail_in_tokenizer, 1, "TypeError at medgenius/"),
    ],
    ids=["skip", "stop", "nan", "defect", "loader", "tokenizer"],
)
def test_a_run_leaves_no_word_of_its_dialogues(  # noqa: PLR0917
    bad: bool,
    overrides: tuple[str, ...],
    prepare: Callable[[], None] | None,
    status: int,
    said: str,
    tmp_path: Path,
    surroundings: dict[str, str],
) -> None:
    data = write(tmp_path / "rows.jsonl", bad=bad)
    line = (*_LINE, f"data.path={data}", f"run.cache_dir={tmp_path}/cache", *overrides)
    process = start(tmp_path, *line, data=False, prepare=prepare, environment=surroundings)

    assert process.status() == status, process.text
    assert said in process.text
    assert searched(tmp_path) == []
    if status == 0:
        assert (tmp_path / "run/adapter").exists()
        assert list((tmp_path / "cache/tokens").iterdir())  # the one place that holds ids, and is spared


def test_a_run_stopped_by_ctrl_c_leaves_none(tmp_path: Path, surroundings: dict[str, str]) -> None:
    data = write(tmp_path / "rows.jsonl", bad=False)
    line = (*_LINE, "trainer.epochs=1000", f"data.path={data}", f"run.cache_dir={tmp_path}/cache")
    process = start(tmp_path, *line, data=False, environment=surroundings)
    wait_for_step(process, tmp_path / "run", 2)
    process.send(signal.SIGINT)

    assert process.status() == 130, process.text
    assert searched(tmp_path) == []


def test_where_samples_may_be_logged_the_search_finds_them(tmp_path: Path, surroundings: dict[str, str]) -> None:
    """Otherwise this search could find nothing anywhere."""
    data = write(tmp_path / "rows.jsonl", bad=False)
    overrides = ("tracking.log_samples=true", "tracking.samples=1", "tracking.sample_tokens=2")
    line = (*_LINE, f"data.path={data}", f"run.cache_dir={tmp_path}/cache", *overrides, "trainer.max_steps=1")
    process = start(tmp_path, *line, data=False, environment=surroundings)

    assert process.status() == 0, process.text
    found = searched(tmp_path)
    assert "run/samples.jsonl" in found
    assert any(name.startswith("run/wandb/") for name in found)


def curate(tmp_path: Path, surroundings: dict[str, str], *overrides: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "medgenius.cli", "curate", f"output={tmp_path}/clean", "curation.workers=1", *overrides],
        cwd=tmp_path,
        env={**os.environ, **surroundings, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize("text", [None, f'[{{"input": "{MARKER}", "output": '])
def test_a_curation_prints_no_word_of_its_rows(text: str | None, tmp_path: Path, surroundings: dict[str, str]) -> None:
    data = tmp_path / "rows.json"
    write(data, bad=True) if text is None else data.write_text(text)
    steps = "curation.steps=[repair,deidentify,terms,safety,soundness,duplicates,quality,split]"
    done = curate(tmp_path, surroundings, f"data.path={data}", steps)

    assert done.returncode == (0 if text is None else 1), done.stderr
    assert MARKER.lower() not in (done.stdout + done.stderr).lower()
    beside = [tmp_path / name for name in ("home", "tmp", "cache", "hf")]
    assert leaks(*beside, spared=data) == []
    if text is None:
        assert leaks(tmp_path / "clean", spared=data)  # what came out is the text, of course


def test_the_search_finds_every_form(tmp_path: Path) -> None:
    for number, content in enumerate(
        [
            MARKER.encode(),
            MARKER.upper().encode("utf-16"),
            gzip.compress(MARKER.encode()),
            zlib.compress(MARKER.encode()),
            "".join(f"\\u{ord(c):04x}" for c in MARKER.lower()).encode(),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "file").write_bytes(content)
        assert leaks(folder, spared=tmp_path) == ["file"]


def test_words_are_withheld_and_the_place_is_told() -> None:
    with pytest.raises(UnexpectedError) as error, words_withheld():
        raise KeyError(MARKER)

    assert MARKER not in str(error.value)
    assert str(error.value).startswith("KeyError at test_privacy.py:")
