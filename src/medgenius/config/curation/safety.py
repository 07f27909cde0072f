"""conf/curation/safety: what happens to answers that are not safe."""

from typing import Annotated, Literal

from medgenius.config.fields import AlsoCalled, Schema


class SafetyConfig(Schema):
    """Dangerous advice and harmful requests that were fulfilled always leave."""

    on_missing_escalation: Annotated[Literal["add", "reject"], AlsoCalled("escalation", "missing_escalation")]
    """For an emergency whose answer does not send to emergency care. add: the sentence is put first; reject: the row
    leaves."""
    add_disclaimer: Annotated[bool, AlsoCalled("disclaimer", "disclaimers")]
    """Whether a disclaimer is put last where an answer is advice and carries neither disclaimer nor referral."""
    language: Annotated[Literal["en", "es", "fr", "it", "de"], AlsoCalled("lang", "locale")]
    """Language of the sentences that are added."""
