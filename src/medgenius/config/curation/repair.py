"""conf/curation/repair: damage of scraping and transcription is mended; no word or number of the content changes."""

from typing import Annotated, Literal

from medgenius.config.fields import AlsoCalled, Schema


class RepairConfig(Schema):
    urls: Literal["keep", "placeholder", "remove"]
    """keep: as they are; placeholder: `[URL]`, so that the sentence around it stays whole; remove: nothing is left."""
    boilerplate: Annotated[bool, AlsoCalled("strip_boilerplate", "signatures")]
    """Take greetings of portals, thanks for the question, closing formulas and signatures out of answers."""
    detokenise: Annotated[bool, AlsoCalled("detokenize")]
    """Join punctuation and contractions of tokenised speech: `hi , martha` becomes `hi, martha`."""
