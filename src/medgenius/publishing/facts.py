"""What is known of a run: read from its files, never guessed. The model card says this and nothing else."""

import importlib.metadata
import importlib.util
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gguf import GGUFReader
from huggingface_hub import DatasetCard, ModelCard
from huggingface_hub.errors import HfHubHTTPError

from medgenius.config.data import DataConfig
from medgenius.config.model import EmbeddedModel, ModelConfig
from medgenius.config.train import TrainConfig
from medgenius.errors import PublishError, RunError
from medgenius.publishing.evaluated import Evaluation, not_evaluated
from medgenius.publishing.merge import Update
from medgenius.publishing.parts import Part, read_part
from medgenius.publishing.repositories import is_repository
from medgenius.runs import Run, read_config

_CURATION_REPORT = "report.json"
"""Beside the dialogues that `medgenius curate` has written."""


class Cost(Part):
    amount: float
    currency: str
    per_hour: float


class Hardware(Part):
    processor: str
    cores: int
    memory_bytes: int
    gpu: str | None


class Summary(Part):
    """summary.json"""

    status: str
    validation_loss_before: float | None
    validation_loss_after: float | None
    training_dialogues: int
    validation_dialogues: int
    rows_skipped: int
    answers_cut: int
    steps: int
    adapter_step: int | None = None
    """The step whose adapter this is; None where the run has not told, and it is the last"""
    target_tokens: int
    real_tokens: int
    tokens_per_second: float
    peak_memory_bytes: int
    seconds: float
    trainable_parameters: int
    hardware: Hardware | None = None
    """None where the run has not told"""
    cost: Cost


class Curation(Part):
    """report.json of the curation that the dialogues come from."""

    title: str
    rows_in: int
    rows_kept: int
    sources: dict[str, dict[str, int]]
    """Rows by source and licence"""
    languages: dict[str, int]
    deidentification: dict[str, int]
    """Values replaced, by kind"""


@dataclass(frozen=True, slots=True)
class Base:
    """The frozen model."""

    repository: str | None
    """On the hub, where it has one"""
    origin: str
    """In words"""
    licence: str | None


@dataclass(frozen=True, slots=True)
class Data:
    """The dialogues."""

    origin: str
    hub_name: str | None
    licence: str | None
    curation: Curation | None


@dataclass(frozen=True, slots=True)
class Facts:
    run: Run
    config: TrainConfig
    summary: Summary
    evaluation: Evaluation | None
    """Of the run's model itself"""
    not_evaluated: str | None
    """Why there is none"""
    base: Base
    merged_into: Base | None
    """Whose full-precision weights take the place of the base's in a merge"""
    data: Data


def read_facts(run: Run, licence: str | None, data_licence: str | None, merged_into: str | None = None) -> Facts:
    """
    Args:
        licence: of the base, in the place of what its files say
        data_licence: of the dialogues, likewise
        merged_into: folder or repository of full-precision weights, where they are not the base's own

    Raises:
        RunError: the run has no readable config or summary, or its evaluation is damaged.
    """
    config = read_config(run)
    summary = read_part(run.summary, Summary)
    if summary is None:
        raise RunError(f"{run.path} has no {run.summary.name}: the run has not ended; go on with it or wait")
    evaluation = read_part(run.evaluation.results, Evaluation)
    reason = not_evaluated(run, evaluation)
    base, data = _base(config.model), _data(config.data)
    return Facts(
        run,
        config,
        summary,
        None if reason else evaluation,
        reason,
        Base(base.repository, base.origin, licence or base.licence),
        _hub_base(merged_into, "main") if merged_into else None,
        Data(data.origin, data.hub_name, data_licence or data.licence, data.curation),
    )


def refuse_broken(updates: Mapping[str, Update]) -> None:
    """
    Raises:
        PublishError: an adapter that is no numbers is of no use to anybody, so it is not published by force either.
    """
    broken = next((name for name, update in updates.items() if not update.is_finite), None)
    if broken:
        raise PublishError(f"not published: its adapter holds NaN or infinity, first in {broken}")


def unfit(facts: Facts) -> list[str]:
    """Why a run should not be published; nothing where it may be."""
    summary = facts.summary
    reasons: list[str] = []
    if summary.status != "finished":
        reasons.append(f"the run has not finished: {summary.status}")
    if summary.validation_loss_after is None or not math.isfinite(summary.validation_loss_after):
        reasons.append("it has no finite validation loss after training")
    return [*reasons, facts.not_evaluated] if facts.not_evaluated else reasons


def _base(config: ModelConfig) -> Base:
    match config.source:
        case "random":
            return Base(None, "random weights, made for tests: it knows nothing", "apache-2.0")
        case "embedded":
            return _embedded(config)
        case "hub":
            return _hub_base(config.repository, config.revision)


def _hub_base(place: str, revision: str) -> Base:
    licence = _licence_of(ModelCard, place)
    if not is_repository(place):
        return Base(None, "a local folder", licence)
    return Base(place, f"the hub, revision {revision}", licence)


def _embedded(config: EmbeddedModel) -> Base:
    """What the GGUF file says of itself."""
    spec = importlib.util.find_spec(config.package)
    assert spec is not None
    assert spec.submodule_search_locations
    reader = GGUFReader(Path(spec.submodule_search_locations[0]) / config.file)

    def text(key: str) -> str | None:
        field = reader.get_field(key)
        return None if field is None else str(field.contents())

    organisation = text("general.organization")
    distribution = config.package.replace("_", "-")
    version = importlib.metadata.version(distribution)
    return Base(
        f"{organisation}/{config.name}" if organisation else None,
        f"{config.file} of the package {distribution} {version}, converted to bf16",
        text("general.license"),
    )


def _data(config: DataConfig) -> Data:
    match config.source:
        case "sample":
            return Data("the sample dialogues that ship with MedGenius", None, "apache-2.0", None)
        case "hub":
            licence = _licence_of(DatasetCard, config.name)
            if not is_repository(config.name):
                return Data(f"{Path(config.name).name}, a local folder", None, licence, None)
            return Data(f"{config.name} on the hub", config.name, licence, None)
        case "file":
            path = Path(config.path).expanduser()
            try:
                curation = read_part(path.parent / _CURATION_REPORT, Curation)
            except RunError:  # of something else
                curation = None
            return Data(path.name, None, _one_licence(curation), curation)


def _one_licence(curation: Curation | None) -> str | None:
    if curation is None:
        return None
    found = {licence for by_licence in curation.sources.values() for licence in by_licence if licence}
    return ", ".join(sorted(found)) or None


def _licence_of(card: type[ModelCard] | type[DatasetCard], name: str) -> str | None:
    """What the card of a repository or a local folder says, where it can be had."""
    try:
        found = card.load(str(Path(name) / "README.md") if Path(name).is_dir() else name).data.to_dict()
    except (OSError, ValueError, HfHubHTTPError):
        return None
    licence = found.get("license")
    return ", ".join(licence) if isinstance(licence, Sequence) and not isinstance(licence, str) else licence
