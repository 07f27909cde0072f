"""Which frozen weights a run stands on, so that it never goes on, answers or is measured with others."""

import hashlib
from pathlib import Path

from medgenius.config.model import ModelConfig
from medgenius.errors import ModelError, RunError
from medgenius.model.backbone import not_to_be_had, weights_of
from medgenius.model.model_cache import sha256
from medgenius.model.safe_files import found_file
from medgenius.runs import Run


def base_identity(config: ModelConfig, cache_dir: Path) -> str:
    """A folder's digest, a repository's commit, or the name of our own folder, which tells its content.

    Raises:
        ModelError: it cannot be had.
    """
    place, revision = weights_of(config, cache_dir)
    folder = Path(place)
    if config.source != "hub":
        return folder.name
    if folder.is_dir():
        try:
            return _digest(folder)
        except OSError as error:
            raise not_to_be_had(config, error) from None
    settings = found_file(place, revision, "config.json")
    if settings is None:
        raise ModelError(f"model {place} has no config.json")
    return settings.parent.name  # snapshots/<commit>/config.json


def refuse_other_base(config: ModelConfig, run: Run, began_with: str, cache_dir: Path) -> None:
    """
    Args:
        began_with: the identity of the frozen weights under the run's first step

    Raises:
        RunError: those that the config leads to now are others.
        ModelError: they cannot be had.
    """
    if base_identity(config, cache_dir) != began_with:
        source = f"model.repository={config.repository}" if config.source == "hub" else f"model={config.name}"
        raise RunError(
            f"{source}: its weights are others than when {run.path} began; put those back, or start a new run"
        )


def _digest(folder: Path) -> str:
    files = sorted([folder / "config.json", *folder.glob("*.safetensors")])
    return hashlib.sha256("".join(f"{file.name} {sha256(file)}\n" for file in files).encode()).hexdigest()
