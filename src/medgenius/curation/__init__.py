"""Raw rows become clean dialogues, and a reason for each row that left."""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from medgenius.curation.deidentification.engine import Deidentified


def deidentify(
    text: str,
    style: Literal["placeholder", "surrogate"] = "placeholder",
    *,
    caution: Literal["low", "balanced", "high"] = "balanced",
) -> "Deidentified":
    """The text without what identifies a person, and where that was.

    `placeholder` writes the kind (`[PERSON]`), `surrogate` an invented value, the same for the same value. `caution`
    trades leaks against ordinary words lost; docs/deidentification.md has the measured figures. A second run changes
    nothing. The word lists are read at the first call, which takes about half a second.
    """
    from medgenius.curation.deidentification.engine import deidentify_parts  # noqa: PLC0415 (light import)

    return deidentify_parts([text], style, caution)[0]
