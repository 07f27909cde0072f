"""The steps there are. A new row-level step is a file in steps/, its schema, and its line here."""

from collections.abc import Mapping
from typing import Final

from medgenius.config.curate import CurationConfig
from medgenius.config.fields import Schema
from medgenius.curation import duplicates, split
from medgenius.curation.row_pass import StepSpec

ROW_STEPS: Final[Mapping[str, str]] = {
    "repair": "medgenius.curation.steps.repair:Repair",
    "deidentify": "medgenius.curation.steps.deidentify:Deidentify",
    "terms": "medgenius.curation.steps.terms:Terms",
    "safety": "medgenius.curation.steps.safety:Safety",
    "soundness": "medgenius.curation.steps.soundness:Soundness",
    "decontaminate": "medgenius.curation.steps.decontaminate:Decontaminate",
    "category": "medgenius.curation.steps.category:Category",
    "quality": "medgenius.curation.steps.quality:Quality",
}
"""Steps that look at one row at a time, by the name of their config, and the class that is made from it."""

CORPUS_STEPS: Final = (duplicates.STEP, split.STEP)
"""Steps that look at all rows together."""


def chosen(config: CurationConfig) -> list[StepSpec]:
    """The steps of `curation.steps` in their order; those of the corpus have an empty path."""
    return [StepSpec(name, ROW_STEPS.get(name, ""), _config(config, name)) for name in config.steps]


def _config(config: CurationConfig, name: str) -> Schema:
    values: Schema = getattr(config, name)
    return values
