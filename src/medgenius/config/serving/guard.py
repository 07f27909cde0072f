"""conf/serving/guard: what stands around every answer. The emergency text has no key: it can't be turned off."""

from typing import Annotated, Literal

from medgenius.config.fields import AlsoCalled, Schema


class GuardConfig(Schema):
    language: Annotated[Literal["auto", "en", "es", "fr", "it", "de"], AlsoCalled("lang", "locale")]
    """Of the texts that are added; auto: that of the person's messages, English where it is not known."""
    disclaimer: Annotated[Literal["advice", "always", "never"], AlsoCalled("disclaimers")]
    """advice: below advice that says nothing of its limits (safety/answers.py); always: below every answer."""
    harmful_requests: Annotated[Literal["refuse", "answer"], AlsoCalled("refusals", "refuse")]
    """refuse: a request for harm (safety/requests.py) gets the refusal, and the model is not asked."""
    dangerous_advice: Annotated[Literal["correct", "withhold", "ignore"], AlsoCalled("unsafe_advice")]
    """What happens to a sentence that breaks a rule of safety/advice.py. correct: the answer ends there with a warning
    not to follow it. withhold: text is shown a sentence late, and such a sentence never. ignore: nothing."""
