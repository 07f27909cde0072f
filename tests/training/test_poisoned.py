"""Poisoned checkpoints and adapters: each payload would leave a file behind if it were unpickled."""

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
import torch

from medgenius.errors import RunError
from medgenius.inference.tuned import load_tuned
from medgenius.runs import Run
from medgenius.training import checkpoints
from medgenius.training.checkpoints import newest_checkpoint, write_checkpoint
from medgenius.training.rng import random_state
from medgenius.training.snapshot import Snapshot
from tests.support import composed
from tests.training.positions import POSITION


class _Payload:
    def __init__(self, ran: Path) -> None:
        self._ran = ran

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self._ran,)


@pytest.fixture
def poison(tmp_path: Path) -> bytes:
    """A pickle that makes `ran` when it is loaded."""
    content = pickle.dumps(_Payload(tmp_path / "ran"))
    pickle.loads(content)
    (tmp_path / "ran").unlink()  # it works
    return content


def checkpoint(folder: Path) -> Path:
    tensors = {"weight": torch.zeros(2)}
    snapshot = Snapshot(position=POSITION, adapter=tensors, optimizer=tensors, settings=None, rng=[random_state()])
    write_checkpoint(folder, snapshot, composed())
    write_checkpoint(folder, replace(snapshot, position=replace(POSITION, step=2)), composed())
    return folder / "step-000003"


@pytest.mark.parametrize("name", ["optimizer.pt", "adapter_model.bin", "state.pkl", "epoch.ckpt", "deep/x.pth"])
def test_a_checkpoint_with_a_pickle_in_it_is_refused(name: str, tmp_path: Path, poison: bytes) -> None:
    path = checkpoint(tmp_path / "checkpoints")
    (path / name).parent.mkdir(exist_ok=True)
    (path / name).write_bytes(poison)

    with pytest.raises(RunError, match=f"holds a pickle \\({name}\\)") as error:
        newest_checkpoint(tmp_path / "checkpoints", composed(), print)

    assert len(str(error.value).splitlines()) == 1
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "name", ["adapter.safetensors", "optimizer.safetensors", "state.json", "rng-rank-0.safetensors"]
)
def test_a_pickle_under_the_name_of_a_file_and_a_manifest_that_fits_is_put_aside(
    name: str, tmp_path: Path, poison: bytes
) -> None:
    path = checkpoint(tmp_path / "checkpoints")
    (path / name).write_bytes(poison)
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["files"][name] = {"bytes": len(poison), "sha256": sha256(poison).hexdigest()}
    del manifest["checksum"]
    sealed = {"checksum": checkpoints._checksum(manifest), **manifest}
    (path / "manifest.json").write_text(json.dumps(sealed))
    said: list[str] = []

    found = newest_checkpoint(tmp_path / "checkpoints", composed(), said.append)

    assert found is not None
    assert found.position.step == 2
    assert "its files are not those of a checkpoint" in said[0]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("with_safetensors", [True, False])
def test_an_adapter_that_is_a_pickle_is_refused(with_safetensors: bool, tmp_path: Path, poison: bytes) -> None:
    run = Run(tmp_path / "run", "run")
    run.adapter.mkdir(parents=True)
    (run.adapter / "adapter_model.bin").write_bytes(poison)
    if with_safetensors:
        (run.adapter / "adapter_model.safetensors").write_bytes(poison)
    run.config.write_text(json.dumps(composed("model=tiny").model_dump()))

    with pytest.raises(RunError, match=r"holds a pickle \(adapter_model\.bin\)") as error:
        load_tuned(run)

    assert len(str(error.value).splitlines()) == 1
    assert not (tmp_path / "ran").exists()


def test_an_adapter_whose_safetensors_are_a_pickle_is_refused(tmp_path: Path, poison: bytes) -> None:
    run = Run(tmp_path / "run", "run")
    run.adapter.mkdir(parents=True)
    (run.adapter / "adapter_model.safetensors").write_bytes(poison)
    run.config.write_text(json.dumps(composed("model=tiny").model_dump()))

    with pytest.raises(RunError, match="can't be read"):
        load_tuned(run)

    assert not (tmp_path / "ran").exists()
