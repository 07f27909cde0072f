"""conf/empathy.yaml: the training of the empathy classifier."""

from typing import Annotated, ClassVar

from pydantic import Field

from medgenius.config.fields import AlsoCalled, Root, Schema
from medgenius.config.places import PathText, exists, is_file
from medgenius.errors import ConfigError


class EmpathyRows(Schema):
    path: Annotated[PathText, AlsoCalled("file", "input", "data_path", "train_file")]
    """JSON, JSONL or Parquet, the first two also .gz, with seeker_post, response_post and levels (0 to 2 for each of
    emotional_reactions, interpretations and explorations), as EPITOME has them."""


class EmpathyConfig(Root):
    file: ClassVar[str] = "empathy"

    data: EmpathyRows
    output: Annotated[PathText, AlsoCalled("out", "output_dir", "directory", "save_dir")]
    """Folder that is made for the classifier; `evaluation.empathy.model` takes it."""
    seed: Annotated[int, Field(ge=0, lt=2**32), AlsoCalled("random_seed")]
    """Of the folds of the cross-validation."""

    def check_machine(self) -> None:
        if not is_file(self.data.path):
            raise ConfigError(f"data.path={self.data.path}: there is no such file")
        if exists(self.output):
            raise ConfigError(f"output={self.output} exists already: choose another, or remove it")
