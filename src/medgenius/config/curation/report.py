"""conf/curation/report.yaml: what the report counts with and shows."""

from typing import Annotated

from pydantic import Field

from medgenius.config.fields import AlsoCalled, Schema
from medgenius.config.places import PathText


class ReportConfig(Schema):
    title: Annotated[str, Field(min_length=1), AlsoCalled("name")]
    """Of the page and of the data card."""
    tokenizer: Annotated[PathText, AlsoCalled("model", "tokenizer_path")] | None
    """The model's `tokenizer.json`, or a folder that holds one, so that lengths are those that training sees; in the
    last part of the path `*` stands for any characters. null, or where nothing matches a `*`: words are counted, and
    the report says so."""
    examples: Annotated[int, Field(ge=0, le=100), AlsoCalled("n_examples", "num_examples")]
    """Changed and dropped rows shown for each step."""
