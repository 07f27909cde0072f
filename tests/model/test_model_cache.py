"""Models in the cache: whatever happened to the files, what is loaded is what was written."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from medgenius.errors import ModelError
from medgenius.model.backbone import load_backbone, load_tokenizer, prepare_files
from medgenius.model.model_cache import cached_model
from tests.support import composed


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-9])


def flip(file: Path) -> None:
    """One bit in the middle, and the time of the last change as it was."""
    stamp, content = file.stat(), bytearray(file.read_bytes())
    content[len(content) // 2] ^= 4
    file.write_bytes(content)
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1000))


def empty(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("harm", [cut, flip, empty, Path.unlink])
@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_damaged_model_is_said_and_written_anew(
    name: str, harm: Callable[[Path], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, cpu = composed("model=tiny").model, torch.device("cpu")
    whole = load_backbone(config, tmp_path, torch.float32, cpu).state_dict()
    (folder,) = (tmp_path / "models").iterdir()
    harm(folder / name)

    prepare_files(config, tmp_path)
    loaded = load_backbone(config, tmp_path, torch.float32, cpu).state_dict()

    assert capsys.readouterr().out.splitlines() == [f"{folder} is damaged: written anew"]
    assert loaded.keys() == whole.keys()
    assert all(torch.equal(loaded[key], tensor) for key, tensor in whole.items())


def test_a_whole_model_is_written_once(tmp_path: Path) -> None:
    calls: list[Path] = []

    def write(folder: Path) -> None:
        calls.append(folder)
        (folder / "weights").write_bytes(b"1234")

    for _ in range(3):
        assert cached_model(tmp_path / "models/one", write) == tmp_path / "models/one"
    assert len(calls) == 1


def test_a_folder_without_checksums_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one/weights").write_bytes(b"12")

    def write(folder: Path) -> None:
        (folder / "weights").write_text("1234")

    cached_model(tmp_path / "one", write)

    assert (tmp_path / "one/weights").read_text() == "1234"


@pytest.mark.parametrize("model", ["tiny", "smollm2_135m"])
def test_a_cache_that_cannot_be_written_is_one_line(model: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    config = composed(f"model={model}").model

    with pytest.raises(ModelError, match=r"^run\.cache_dir: .* cannot be written: Not a directory$"):
        prepare_files(config, tmp_path / "file/cache")
    if model != "tiny":
        with pytest.raises(ModelError, match=r"^run\.cache_dir: "):
            load_tokenizer(config, tmp_path / "file/cache")
