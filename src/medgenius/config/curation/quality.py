"""conf/curation/quality: five criteria of an answer, how much each counts, and below what a row leaves."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from medgenius.config.fields import AlsoCalled, Schema

_Weight = Annotated[float, Field(ge=0)]


class QualityWeights(Schema):
    """Only their proportions matter: the score is divided by their sum."""

    accuracy: _Weight
    """Signs of it: speaks of what was asked, in medical terms, hedged; no diagnosis in one line."""
    caution: _Weight
    """Warning signs, risks, where to seek care."""
    empathy: _Weight
    disclaimer: _Weight
    structure: _Weight
    """Whole sentences of readable length, in paragraphs or lists where the answer is long."""

    @model_validator(mode="after")
    def _some_weight(self) -> Self:
        if self.accuracy + self.caution + self.empathy + self.disclaimer + self.structure == 0:
            raise ValueError("curation.quality.weights: one of them must be above 0")
        return self


class QualityConfig(Schema):
    weights: QualityWeights
    threshold: Annotated[float, Field(ge=0, le=1), AlsoCalled("min_quality", "min_score", "cutoff")]
    """A row whose score is lower leaves; 0 keeps all."""
    max_words: Annotated[int, Field(ge=50)]
    """Words of an answer that are read."""
