"""conf/curation/category: what a dialogue is about, and how soon somebody should be seen."""

from typing import Annotated

from pydantic import Field

from medgenius.config.fields import Schema


class CategoryConfig(Schema):
    words: Annotated[int, Field(ge=10)]
    """Of question and answer, each: so many are read for the category."""
    keep: bool
    """A category or urgency that a row came with stays."""
