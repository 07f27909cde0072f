"""publish.json: what a published folder holds, so that one that is there already can be trusted or refused."""

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final, TypedDict

from pydantic import BaseModel, ValidationError

from medgenius.config.publish import BaseWeights, Format, GgufType, PublishSettings
from medgenius.errors import PublishError
from medgenius.files import write_text
from medgenius.publishing.findings import Fidelity, Verified
from medgenius.publishing.inspection import published_files
from medgenius.publishing.repositories import is_repository
from medgenius.runs import Run

RECORD: Final = "publish.json"


class Record(BaseModel):
    name: str
    medgenius: str
    adapter: str
    """SHA-256 of the run's adapter_model.safetensors"""
    formats: list[Format]
    gguf_types: list[GgufType]
    base: str | None
    """`publish.base`; of a folder its name alone, since this file is published"""
    base_weights: BaseWeights
    licence: str | None
    data_licence: str | None
    objections: list[str]
    """Why the run should not have been published; not empty only where that was forced."""
    fidelity: Fidelity | None
    verified: Verified | None
    files: dict[str, str]
    """SHA-256 of every other file by its path."""


def write_record(  # noqa: PLR0913, PLR0917  each is a field of it
    folder: Path,
    run: Run,
    name: str,
    settings: PublishSettings,
    objections: Sequence[str],
    fidelity: Fidelity | None,
    verified: Verified | None,
) -> None:
    record = Record(
        name=name,
        medgenius=version("medgenius"),
        adapter=_digest(run.adapter / "adapter_model.safetensors"),
        formats=settings.formats,
        gguf_types=settings.gguf_types,
        **_told(settings),
        objections=list(objections),
        fidelity=fidelity,
        verified=verified,
        files=_digests(folder),
    )
    write_text(folder / RECORD, record.model_dump_json(indent=2) + "\n")


class _Told(TypedDict):
    """Settings that the files follow from."""

    base: str | None
    base_weights: BaseWeights
    licence: str | None
    data_licence: str | None


def _told(settings: PublishSettings) -> _Told:
    base = settings.base
    return {
        "base": base if base is None or is_repository(base) else Path(base).name,
        "base_weights": settings.base_weights,
        "licence": settings.licence,
        "data_licence": settings.data_licence,
    }


def must_be_whole(folder: Path, run: Run, settings: PublishSettings) -> None:
    """
    Raises:
        PublishError: the folder is not what publishing this run with these settings has written.
    """
    other = f"output={folder} exists already"
    try:
        record = Record.model_validate_json((folder / RECORD).read_bytes())
    except (OSError, ValidationError):
        raise PublishError(
            f"{other} and is nothing that this version has published: choose another, or remove it"
        ) from None
    if record.adapter != _digest(run.adapter / "adapter_model.safetensors"):
        raise PublishError(f"{other} and holds another run: choose another, or remove it")
    if (record.formats, record.gguf_types) != (settings.formats, settings.gguf_types):
        raise PublishError(f"{other} with {', '.join(record.formats)}: choose another, or remove it")
    for key, wanted in _told(settings).items():
        if (found := getattr(record, key)) != wanted:
            raise PublishError(f"{other} with publish.{key}={found or 'null'}: choose another, or remove it")
    if record.files != _digests(folder):
        raise PublishError(f"{other}, and its files were changed since: remove it, then publish anew")
    if record.objections and not settings.force:
        raise PublishError(f"{other} and was published by force ({record.objections[0]}): add publish.force=true")
    if problem := _not_what_is_wanted(record, settings):
        raise PublishError(f"{other}, and {problem}: choose another, or remove it")


def _not_what_is_wanted(record: Record, settings: PublishSettings) -> str | None:
    """Why what was measured does not do; with objections the card says so, and force has let it pass."""
    limits = settings.limits
    if record.fidelity and not record.objections and (problem := record.fidelity.problem(limits)):
        return problem
    if settings.verify and record.verified is None:
        return "was not verified (publish.verify=true)"
    if settings.verify and record.verified and record.verified.agreement < limits.min_agreement:
        return f"verifying it found {record.verified.agreement:.1%} of the answer tokens equal"
    return None


def _digests(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): _digest(file) for file in published_files(folder) if file.name != RECORD}


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
