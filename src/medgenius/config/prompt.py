"""conf/prompt: the text around a dialogue. data/prompt.py is the only code that reads it."""

from typing import Annotated

from pydantic import Field, field_validator

from medgenius.config.fields import AlsoCalled, Schema

TEXT = "{text}"


class PromptConfig(Schema):
    """A prompt is `system`, then for each turn `user` and `assistant`; the model answers after `assistant`.

    The answer is followed by the tokenizer's end-of-sequence token, and in a longer conversation by `turn_end`.
    """

    system: Annotated[str, AlsoCalled("instruction")]
    user: Annotated[str, AlsoCalled("input")]
    assistant: Annotated[str, Field(min_length=1), AlsoCalled("response", "output")]
    turn_end: Annotated[str, AlsoCalled("separator", "sep")]

    @field_validator("system", "user")
    @classmethod
    def _holds_text_once(cls, value: str) -> str:
        if value.count(TEXT) != 1:
            raise ValueError(f"must hold {TEXT} exactly once")
        return value

    @field_validator("assistant")
    @classmethod
    def _is_plain(cls, value: str) -> str:
        if TEXT in value:
            raise ValueError(f"must not hold {TEXT}: the model writes what follows")
        return value
