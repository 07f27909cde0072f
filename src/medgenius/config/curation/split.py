"""conf/curation/split.yaml: which part of the rows is for training, for validation and for the last test."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from medgenius.config.fields import AlsoCalled, Schema


class SplitConfig(Schema):
    validation_fraction: Annotated[float, Field(ge=0, lt=1), AlsoCalled("val_fraction", "val_size", "validation")]
    test_fraction: Annotated[float, Field(ge=0, lt=1), AlsoCalled("test_size", "test")]
    similarity: Annotated[float, Field(gt=0.4, le=1), AlsoCalled("threshold", "jaccard")]
    """Rows at least this similar (as in curation.duplicates) lie on one side, and so do rows with equal questions."""

    @model_validator(mode="after")
    def _leave_some_for_training(self) -> Self:
        if self.validation_fraction + self.test_fraction >= 1:
            raise ValueError(
                f"curation.split.validation_fraction={self.validation_fraction} and "
                f"curation.split.test_fraction={self.test_fraction} leave nothing for training"
            )
        return self
