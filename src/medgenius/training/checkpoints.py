"""Checkpoints on disk: safetensors and JSON under a manifest of checksums. Never the frozen base, never a pickle."""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import safetensors.numpy
import safetensors.torch
import torch
from pydantic import TypeAdapter
from safetensors import SafetensorError
from torch import Tensor

from medgenius.config.train import TrainConfig
from medgenius.errors import RunError
from medgenius.files import Json, new_directory, remove_directory
from medgenius.model.safe_files import pickles_in
from medgenius.resume import differences, flat
from medgenius.training.snapshot import Position, Snapshot

FORMAT = 1
"""Counted up when an older program could not read what is written here."""
_MANIFEST = "manifest.json"
_PACKAGES = ("medgenius", "torch", "bitsandbytes", "peft", "pytorch-lightning")


class _Damaged(Exception):  # noqa: N818  not for a person
    """Not what was once written."""


def write_checkpoint(folder: Path, snapshot: Snapshot, config: TrainConfig) -> None:
    """`step-<n>/` in `folder`, which appears whole or not at all.

    Raises:
        OSError: no space, no permission.
    """
    state: Json = {"position": asdict(snapshot.position), "settings": snapshot.settings}
    contents = {
        "adapter.safetensors": _serialized(snapshot.adapter),
        "optimizer.safetensors": _serialized(snapshot.optimizer),
        "state.json": json.dumps(state, allow_nan=False).encode(),
    }
    for rank, generators in enumerate(snapshot.rng):
        contents[f"rng-rank-{rank}.safetensors"] = _serialized(generators)
    manifest: dict[str, Json] = {
        "format": FORMAT,
        "step": snapshot.position.step,
        "versions": {package: version(package) for package in _PACKAGES},
        "config": flat(config),
        "files": {name: {"bytes": len(content), "sha256": _sha256(content)} for name, content in contents.items()},
    }
    with new_directory(checkpoint_path(folder, snapshot.position.step)) as temporary:
        for name, content in contents.items():
            (temporary / name).write_bytes(content)
        sealed = {"checksum": _checksum(manifest), **manifest}
        (temporary / _MANIFEST).write_text(json.dumps(sealed, indent=1), encoding="utf-8")


def _serialized(tensors: Mapping[str, Tensor]) -> bytes:
    """What `safetensors.torch.save` gives, which holds the interpreter for 60 microseconds a tensor meanwhile: with the
    thousands of an optimizer the step beside it would wait. numpy has no bfloat16."""
    if any(tensor.dtype is torch.bfloat16 for tensor in tensors.values()):
        return safetensors.torch.save(dict(tensors))
    return safetensors.numpy.save({name: tensor.numpy() for name, tensor in tensors.items()})


def checkpoint_path(folder: Path, step: int) -> Path:
    return folder / f"step-{step:06d}"


def newest_checkpoint(folder: Path, config: TrainConfig, warn: Callable[[str], None]) -> Snapshot | None:
    """The last complete checkpoint; a damaged one is named, put aside, and the one before it is used.

    Raises:
        RunError: it is of another version or another config.
    """
    _remove_leftovers(folder)
    for path in reversed(_checkpoints(folder)):
        try:
            return _read(path, config, warn)
        except _Damaged as why:
            aside = path.with_name(f"damaged-{path.name}")
            shutil.rmtree(aside, ignore_errors=True)
            path.rename(aside)
            warn(f"checkpoint {path} is damaged ({why}): skipped, and kept as {aside.name}")
    return None


def adapter_of(folder: Path, step: int) -> dict[str, Tensor]:
    """The adapter alone, of the checkpoint after that many steps.

    Raises:
        RunError: it is damaged, or not there.
    """
    path = checkpoint_path(folder, step)
    try:
        return safetensors.torch.load(_verified(path, _manifest(path))["adapter.safetensors"])
    except (_Damaged, KeyError) as why:
        raise RunError(f"checkpoint {path} is damaged ({why})") from None


def remove_old(folder: Path, keep: int, best: int | None) -> None:
    """Leave the newest `keep`, and the one of step `best`."""
    for path in _checkpoints(folder)[:-keep]:
        if best is None or path != checkpoint_path(folder, best):
            remove_directory(path)


def _checkpoints(folder: Path) -> list[Path]:
    """From the oldest to the newest."""
    found = [path for path in folder.glob("step-*") if path.name.removeprefix("step-").isdecimal()]
    return sorted(found, key=lambda path: int(path.name.removeprefix("step-")))


def _remove_leftovers(folder: Path) -> None:
    """What a process that was killed had begun to write or to remove."""
    for path in folder.glob(".*"):
        shutil.rmtree(path, ignore_errors=True)


def _read(path: Path, config: TrainConfig, warn: Callable[[str], None]) -> Snapshot:
    if pickles := pickles_in(path):
        raise RunError(f"checkpoint {path} holds a pickle ({pickles[0]}), which could run code: none is written here")
    manifest = _manifest(path)
    _refuse_other(path, manifest, config)
    versions = manifest["versions"]
    assert isinstance(versions, Mapping)
    for package in _PACKAGES:
        if versions[package] != version(package):
            warn(
                f"checkpoint {path.name} was written with {package} {versions[package]}, this is {version(package)}: "
                "the adapter may end with other bytes than that of an untouched run"
            )
    try:
        return _snapshot(_verified(path, manifest))
    except (KeyError, TypeError, ValueError, SafetensorError):  # a manifest that fits, around something else
        raise _Damaged("its files are not those of a checkpoint") from None


def _snapshot(contents: Mapping[str, bytes]) -> Snapshot:
    state = json.loads(contents["state.json"])
    ranks = sum(name.startswith("rng-rank-") for name in contents)
    return Snapshot(
        position=TypeAdapter(Position).validate_python(state["position"]),
        adapter=safetensors.torch.load(contents["adapter.safetensors"]),
        optimizer=safetensors.torch.load(contents["optimizer.safetensors"]),
        settings=state["settings"],
        rng=[_generators(contents[f"rng-rank-{rank}.safetensors"]) for rank in range(ranks)],
    )


def _generators(content: bytes) -> dict[str, Tensor]:
    return safetensors.torch.load(content)


def _manifest(path: Path) -> dict[str, Json]:
    try:
        manifest = json.loads((path / _MANIFEST).read_bytes())
    except FileNotFoundError:
        raise _Damaged(f"it has no {_MANIFEST}") from None
    except ValueError:
        raise _Damaged(f"its {_MANIFEST} can't be read") from None
    if not isinstance(manifest, dict) or manifest.pop("checksum", None) != _checksum(manifest):
        raise _Damaged(f"its {_MANIFEST} has changed")
    return manifest


def _refuse_other(path: Path, manifest: Mapping[str, Json], config: TrainConfig) -> None:
    if manifest["format"] != FORMAT:
        raise RunError(
            f"checkpoint {path} has format {manifest['format']}, this version of MedGenius reads format {FORMAT}: "
            "go on with the version that began the run"
        )
    stored = manifest["config"]
    assert isinstance(stored, Mapping)
    if lines := differences(stored, flat(config)):
        raise RunError("\n".join(f"checkpoint {path} is of another config: {line}" for line in lines))


def _verified(path: Path, manifest: Mapping[str, Json]) -> dict[str, bytes]:
    """The files' contents, each as it was written."""
    files = manifest["files"]
    assert isinstance(files, Mapping)
    contents = {}
    for name, expected in files.items():
        assert isinstance(expected, Mapping)
        try:
            content = (path / name).read_bytes()
        except OSError as error:
            raise _Damaged(f"{name}: {error.strerror}") from None
        if len(content) != expected["bytes"]:
            raise _Damaged(f"{name} has {len(content):,} bytes of {expected['bytes']:,}")
        if _sha256(content) != expected["sha256"]:
            raise _Damaged(f"{name} has changed")
        contents[name] = content
    return contents


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _checksum(manifest: Mapping[str, Json]) -> str:
    return _sha256(json.dumps(manifest, sort_keys=True).encode())
