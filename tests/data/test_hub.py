"""Data sets in the hub's own layout, from folders: rows are read, and what could run code is refused unread."""

import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from medgenius.config.data import Columns, HubData
from medgenius.data.sources import load_dialogues
from medgenius.errors import DataError


class _Payload:
    def __init__(self, ran: Path) -> None:
        self._ran = ran

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self._ran,)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets.config  # noqa: PLC0415  heavy

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture
def poison(tmp_path: Path) -> bytes:
    """A pickle that makes `ran` when it is loaded."""
    content = pickle.dumps(_Payload(tmp_path / "ran"))
    pickle.loads(content)
    (tmp_path / "ran").unlink()  # it works
    return content


def hub(folder: Path) -> HubData:
    return HubData(
        source="hub",
        name=str(folder),
        subset=None,
        split="train",
        revision="main",
        max_length=2048,
        max_rows=None,
        validation_fraction=0.1,
        split_column="split",
        on_bad_row="stop",
        cache_tokens=False,
        canaries=0,
        max_row_bytes=1_000_000,
        columns=Columns(instruction="instruction", input="input", output="output"),
        default_instruction="Be kind.",
    )


def test_rows_in_a_format_that_holds_no_code_are_read(tmp_path: Path) -> None:
    (folder := tmp_path / "rows").mkdir()
    (folder / "train.jsonl").write_text('{"input": "q", "output": "a"}\n')

    (dialogue,) = load_dialogues(hub(folder), seed=0).dialogues

    assert (dialogue.input, dialogue.output) == ("q", "a")


def pickled(folder: Path, poison: bytes) -> None:
    (folder / "train.pkl").write_bytes(poison)


def in_a_tar(folder: Path, poison: bytes) -> None:
    with tarfile.open(folder / "train-000.tar", "w") as archive:
        for name, content in (("0000.txt", b"q"), ("0000.pyd", poison), ("0000.pth", poison)):
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))


def with_a_script(folder: Path, poison: bytes) -> None:
    (folder / f"{folder.name}.py").write_text(f"import pickle\npickle.loads({poison!r})\n")


@pytest.mark.parametrize("plant", [pickled, in_a_tar, with_a_script])
def test_a_data_set_that_could_run_code_is_refused_in_one_line_and_runs_none(
    plant: Callable[[Path, bytes], None], poison: bytes, tmp_path: Path
) -> None:
    (folder := tmp_path / "poisoned").mkdir()
    plant(folder, poison)

    with pytest.raises(DataError) as refused:
        load_dialogues(hub(folder), seed=0)

    assert str(refused.value).startswith(f"data.name={folder}: ")
    assert len(str(refused.value).splitlines()) == 1
    assert not (tmp_path / "ran").exists()
