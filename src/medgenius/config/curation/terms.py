"""conf/curation/terms: clinicians' shorthand, misspelt terms and units; never another meaning, dose or number."""

from typing import Annotated

from medgenius.config.fields import AlsoCalled, Schema


class TermsConfig(Schema):
    abbreviations: Annotated[bool, AlsoCalled("expand_abbreviations")]
    """Expand abbreviations; one with several meanings, or that may be none, only where the words around it decide."""
    spelling: Annotated[bool, AlsoCalled("spellcheck", "spell_check")]
    """Mend misspelt medicines and conditions; a word that is near two terms, or in a vocabulary, stays."""
    units: bool
    """A space between number and unit, and one sign for the microgram (mcg)."""
