"""conf/curation/soundness: rows that teach nothing leave, each with its reason."""

from typing import Annotated

from pydantic import Field

from medgenius.config.fields import AlsoCalled, Schema


class SoundnessConfig(Schema):
    languages: Annotated[list[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]], Field(min_length=1)]
    """Wanted languages, ISO 639-1 codes."""
    language_confidence: Annotated[float, Field(ge=0, le=1)]
    """An answer leaves for its language only where the detector is at least this sure of another one."""
    min_answer_words: Annotated[int, Field(ge=1), AlsoCalled("min_words", "min_length")]
    """A shorter answer is a backchannel ("Right.", "Okay, good.") unless it tells more than such words do."""
    max_words: Annotated[int, Field(ge=1), AlsoCalled("max_length", "max_tokens")]
    """Of question and answer together."""
    max_characters: Annotated[int, Field(ge=1), AlsoCalled("max_chars")]
    """Of question and answer together."""
    min_medical_terms: Annotated[int, Field(ge=0)]
    """Different medical words in question and answer together; with fewer, a row is not medical. 0: not asked for."""
    reject_unanswered: Annotated[bool, AlsoCalled("does_not_answer")]
    """Answers that only ask back, only refer to a page or only put a question off leave."""
