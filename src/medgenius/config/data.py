"""conf/data: where the dialogues come from and how they are read."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from medgenius.config.fields import AlsoCalled, Schema
from medgenius.config.places import PathText


class Columns(Schema):
    """Which column of the source holds which part of a dialogue."""

    instruction: Annotated[str, AlsoCalled("system", "prompt")]
    """May be absent or empty in a row: `data.default_instruction` takes its place. A column that was named has to be
    there in some row."""
    input: Annotated[str, AlsoCalled("question", "user")]
    output: Annotated[str, AlsoCalled("answer", "response", "assistant", "target")]

    @model_validator(mode="after")
    def _keep_the_answer_out_of_the_prompt(self) -> Self:
        for key, column in (("instruction", self.instruction), ("input", self.input)):
            if column == self.output:
                raise ValueError(f"data.columns.{key}={column} is data.columns.output: the answer would be asked for")
        return self


class _Data(Schema):
    max_length: Annotated[int, Field(ge=8), AlsoCalled("max_seq_length", "max_seq_len", "seq_len", "cutoff_len")]
    """Tokens of one dialogue, prompt and answer together. A longer answer is cut and counted; a dialogue whose
    prompt alone is longer leaves and is counted."""
    max_rows: Annotated[int, Field(ge=2), AlsoCalled("limit", "max_samples", "num_samples")] | None
    """Use a seeded random choice of this many rows; null for all."""
    validation_fraction: Annotated[float, Field(gt=0, lt=1), AlsoCalled("val_fraction", "val_size", "val_split")]
    """Part of the dialogues that is held out, where the rows do not say so; equal questions stay on one side."""
    split_column: Annotated[str | None, AlsoCalled("fold", "partition")]
    """Column that says where a row belongs: train, validation or test, as `medgenius curate` writes it. Then the rows
    are split so, and those of test are left for `medgenius evaluate`. Without that column, or with null, they are split
    by `validation_fraction`; a column of another name than the usual `split` has to be there in some row."""
    on_bad_row: Annotated[Literal["stop", "skip"], AlsoCalled("skip_bad_rows", "errors")]
    """stop: name the unusable rows and end; skip: leave them out, name and count them."""
    cache_tokens: Annotated[bool, AlsoCalled("use_cache", "load_from_cache_file", "overwrite_cache")]
    """Keep token ids in `run.cache_dir`, in a folder that only its owner can read, so that the same texts need not be
    tokenised again. Token ids can be turned back into the dialogues: false where those must not be kept."""
    max_row_bytes: Annotated[int, Field(gt=0)]
    """A longer row is unusable, in bytes of UTF-8."""
    canaries: Annotated[int, Field(ge=0, le=60_840), AlsoCalled("n_canaries", "canary", "num_canaries")]
    """Invented records planted among the training rows, so that `medgenius evaluate` can measure what the run learnt by
    heart; 0 for none. What is trained is another model than without them."""
    columns: Columns
    default_instruction: Annotated[str, Field(min_length=1), AlsoCalled("instruction", "system_prompt")]
    """Instruction of rows that carry none."""


class SampleData(_Data):
    """The dialogues that ship with the package."""

    source: Literal["sample"]


class FileData(_Data):
    """One JSON, JSONL, CSV or Parquet file; .gz is read as well."""

    source: Literal["file"]
    path: Annotated[PathText, AlsoCalled("file", "data_path", "train_file", "filename")]


class HubData(_Data):
    """A data set of the Hugging Face hub."""

    source: Literal["hub"]
    name: Annotated[str, AlsoCalled("path", "repo", "dataset", "repository")]
    subset: str | None
    """Configuration of the data set, where it has several."""
    split: str
    revision: str


DataConfig = Annotated[SampleData | FileData | HubData, Field(discriminator="source")]
