"""Numbers that measure something, and telephone numbers that belong to the public: neither stands for a person."""

import re

from medgenius.curation.deidentification.checksums import digits_of
from medgenius.curation.deidentification.lexicon import lines_of

UNIT_AFTER = re.compile(
    r"[\s-]*(?:%|(?:mg|mcg|µg|ug|g|kg|lbs?|ml|l|dl|mmol|mmhg|mm|cm|cc|units?|iu|cells|kcal|cal|bpm|hours?|hrs?|days?|"
    r"weeks?|months?|years?|min(?:ute)?s?|sec(?:ond)?s?|times|puffs?|points?|percent|degrees|people|patients|cases|"
    r"births|persons|individuals|women|men|children|newborns|infants|doses?|tablets?|dollars|euros|pounds|rupees)"
    r"\b(?!['’]))",
    re.IGNORECASE,
)
"""What follows a number that is an amount."""
READINGS = re.compile(r"[1-9]\d{1,2}\s?/\s?\d{2,3}(?:[ ,;/]+[1-9]\d{1,2}(?:\s?/\s?\d{2,3})?)*")
"""Blood pressures."""
SERIES = re.compile(r"(?!(?:[6-9]\d{2} \d\d|\d\d \d{3}) \d\d \d\d$)[1-9]\d{1,2}(?: [1-9]\d{1,2}){2,}")
"""Values of two or three digits in a row, but not in the groups of Spanish and Polish telephone numbers."""

TOLL_FREE = re.compile(
    r"\D*(?:1\D{0,2})?8(?:00|33|44|55|66|77|88)(?:\b|(?=\d{7}\b))|^\D*(?:0800|0808|0300|1300|1800)\b|^13 ?\d\d ?\d\d$"
)
_HELPLINES = frozenset(lines_of("helplines.txt"))
_SOCIAL = re.compile(r"(?:00|\+\d{2})?116\d{3}")
"""Numbers that the European Union keeps for services of social value."""


def is_helpline(number: str) -> bool:
    """Whether a telephone number is one that people in an emergency are told to call."""
    digits = digits_of(number)
    return digits.removeprefix("1") in _HELPLINES or digits in _HELPLINES or _SOCIAL.fullmatch(digits) is not None
