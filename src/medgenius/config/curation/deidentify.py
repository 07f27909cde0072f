"""conf/curation: how de-identification replaces what identifies a person."""

from typing import Annotated, Literal

from medgenius.config.fields import AlsoCalled, Schema


class DeidentifyConfig(Schema):
    """The step `deidentify`."""

    style: Annotated[Literal["placeholder", "surrogate"], AlsoCalled("mode", "replacement", "operator")]
    """placeholder: the kind in brackets (`[PERSON]`); surrogate: an invented value, the same for the same value within
    a dialogue and the same at every run."""
    caution: Annotated[Literal["low", "balanced", "high"], AlsoCalled("level", "threshold", "strictness")]
    """What counts. low: labels, titles, checksums and known full names; balanced: known names and likely forms as
    well; high: also weak signs, full dates, any town, public URLs and toll-free numbers. Measured figures of leaks
    and of ordinary words lost are in docs/deidentification.md."""
