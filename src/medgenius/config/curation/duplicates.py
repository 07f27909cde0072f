"""conf/curation/duplicates.yaml: which rows are copies of each other."""

from typing import Annotated

from pydantic import Field

from medgenius.config.fields import AlsoCalled, Schema


class DuplicatesConfig(Schema):
    similarity: Annotated[float, Field(gt=0.4, le=1), AlsoCalled("threshold", "jaccard", "minhash_threshold")]
    """Two rows are near-duplicates when their questions and their answers each share at least this part of their
    three-word runs (Jaccard index)."""
