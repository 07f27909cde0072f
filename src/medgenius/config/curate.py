"""conf/curate.yaml: the whole of a curation, and the rules that span steps."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from medgenius.config.curation.category import CategoryConfig
from medgenius.config.curation.decontaminate import DecontaminateConfig
from medgenius.config.curation.deidentify import DeidentifyConfig
from medgenius.config.curation.duplicates import DuplicatesConfig
from medgenius.config.curation.quality import QualityConfig
from medgenius.config.curation.repair import RepairConfig
from medgenius.config.curation.report import ReportConfig
from medgenius.config.curation.safety import SafetyConfig
from medgenius.config.curation.soundness import SoundnessConfig
from medgenius.config.curation.split import SplitConfig
from medgenius.config.curation.terms import TermsConfig
from medgenius.config.data import Columns
from medgenius.config.fields import AlsoCalled, Root, Schema
from medgenius.config.places import PathText, exists, is_file
from medgenius.errors import ConfigError


class RawData(Schema):
    path: Annotated[PathText, AlsoCalled("file", "input", "data_path", "train_file", "filename")]
    """A JSON, JSONL, CSV or Parquet file, also .gz, or a folder of such files."""
    columns: Columns
    max_row_bytes: Annotated[int, Field(gt=0)]
    """A longer row is rejected, in bytes of UTF-8."""
    turns: Annotated[Literal["last", "each"], AlsoCalled("conversation", "multi_turn")]
    """Of a conversation: the last answer with all that came before it as its input, or a row for each answer."""
    source: Annotated[str, AlsoCalled("dataset", "name")]
    """Data set of rows that name none."""
    licence: Annotated[str, AlsoCalled("license")]
    """Licence of rows that name none."""


class CurationConfig(Schema):
    workers: Annotated[int, Field(gt=0), AlsoCalled("num_workers", "n_jobs", "num_proc", "processes")] | None
    """Processes that work on rows; null for as many as there are cores. Changes the time, never the result."""
    steps: Annotated[list[str], AlsoCalled("order", "pipeline")]
    """Which steps are taken, in this order, after reading and before the report."""
    repair: Annotated[RepairConfig, AlsoCalled("clean", "cleaning", "text_repair")]
    deidentify: Annotated[DeidentifyConfig, AlsoCalled("deid", "deidentification", "anonymize", "pii")]
    terms: Annotated[TermsConfig, AlsoCalled("normalise", "normalize", "abbreviations")]
    safety: SafetyConfig
    soundness: Annotated[SoundnessConfig, AlsoCalled("filter", "filters")]
    duplicates: Annotated[DuplicatesConfig, AlsoCalled("dedup", "deduplicate", "deduplication", "minhash")]
    decontaminate: Annotated[DecontaminateConfig, AlsoCalled("decontamination", "contamination")]
    category: Annotated[CategoryConfig, AlsoCalled("categories", "classify")]
    quality: Annotated[QualityConfig, AlsoCalled("score", "scoring")]
    split: Annotated[SplitConfig, AlsoCalled("splits")]
    report: ReportConfig

    @field_validator("steps")
    @classmethod
    def _are_steps(cls, value: list[str]) -> list[str]:
        known = [name for name in cls.model_fields if name not in {"workers", "steps", "report"}]
        for name in value:
            if name not in known:
                raise ValueError(f"{name} is no step; there are: {', '.join(known)}")
            if value.count(name) > 1:
                raise ValueError(f"{name} stands there {value.count(name)} times")
        if "split" in value[:-1]:
            raise ValueError("split must be the last: what leaves or changes after it would spoil its parts")
        return value

    @model_validator(mode="after")
    def _nothing_is_set_in_vain(self) -> Self:
        if self.decontaminate.sets and "decontaminate" not in self.steps:
            raise ValueError("curation.decontaminate.sets needs decontaminate among curation.steps")
        return self


class CurateConfig(Root):
    file: ClassVar[str] = "curate"

    data: Annotated[RawData, AlsoCalled("dataset", "input")]
    output: Annotated[PathText, AlsoCalled("out", "output_dir", "directory", "save_dir")]
    """Folder that is made for what comes out."""
    curation: CurationConfig
    seed: Annotated[int, Field(ge=0, lt=2**32), AlsoCalled("random_seed")]
    """Of the split, the only thing here that is left to chance."""

    def check_machine(self) -> None:
        if not exists(self.data.path):
            raise ConfigError(f"data.path={self.data.path}: there is no such file or folder")
        for path in self.curation.decontaminate.sets:
            if not is_file(path):
                raise ConfigError(f"curation.decontaminate.sets: {path}: there is no such file")
