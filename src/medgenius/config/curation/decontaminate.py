"""conf/curation/decontaminate.yaml: which evaluation sets must not be seen in training."""

from typing import Annotated

from pydantic import Field

from medgenius.config.fields import AlsoCalled, Schema
from medgenius.config.places import PathText


class DecontaminateConfig(Schema):
    sets: Annotated[list[PathText], AlsoCalled("paths", "evaluation_sets", "benchmarks", "path")]
    """Files of evaluation items, in any format that rows are read from. Empty: nothing is compared."""
    ngram: Annotated[int, Field(ge=5), AlsoCalled("n", "ngram_size", "n_gram")]
    """A row leaves when it shares a run of this many words with an item (13 in GPT-3, arXiv:2005.14165, appendix C)."""
    similarity: Annotated[float, Field(gt=0, le=1), AlsoCalled("threshold", "jaccard")]
    """A row leaves when its question or its answer shares at least this part of the three-word runs of a text of an
    item (Jaccard index)."""
    ignored_keys: Annotated[list[str], AlsoCalled("ignore", "skip_keys")]
    """Keys of an item that hold no text of its own: identifiers, subjects, labels."""
