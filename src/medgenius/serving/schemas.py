"""What goes in and out over HTTP. Unknown keys and wrong types are refused: nothing that a client set is ignored.

A null sets nothing, whatever its key.
"""

import unicodedata
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from medgenius.data.dialogue import Message

_MOST_MESSAGES = 200


def _readable(text: str) -> str:
    """Text as a person may have typed it."""
    if not text.strip():
        raise ValueError("holds no text")
    for character in text:
        if character not in "\n\r\t" and unicodedata.category(character) == "Cc":
            raise ValueError(f"holds the control character U+{ord(character):04X}")
    return text


Text = Annotated[str, Field(min_length=1), AfterValidator(_readable)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"additionalProperties": {"type": "null"}})

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, values: object) -> object:
        """Clients write out keys that they leave unset; of the keys known here, null is judged by each one's type."""
        if not isinstance(values, dict):
            return values
        return {key: value for key, value in values.items() if key in cls.model_fields or value is not None}


class ChatRequest(_In):
    """One question."""

    message: Text
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    """Of the answer; absent for as many as the server allows."""
    model: str = "tuned"


class TextPart(_In):
    type: Literal["text"]
    text: Text


class MessageIn(_In):
    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[
        Annotated[str, Tag("[text]")]
        | Annotated[list[TextPart], Field(min_length=1, max_length=_MOST_MESSAGES), Tag("[parts]")],
        Discriminator(lambda content: "[parts]" if isinstance(content, list) else "[text]"),
    ]
    """Its tags are in brackets, which no key here has: where something is wrong they are left out of its place."""

    @field_validator("content")
    @classmethod
    def _readable_content(cls, content: str | list[TextPart], info: ValidationInfo) -> str | list[TextPart]:
        """An answer may have been empty."""
        if isinstance(content, list) or (not content and info.data.get("role") == "assistant"):
            return content
        return _readable(content)

    @property
    def text(self) -> str:
        return self.content if isinstance(self.content, str) else "\n".join(part.text for part in self.content)


class StreamOptions(_In):
    include_usage: bool = False


class ResponseFormat(_In):
    type: Literal["text"]


class CompletionRequest(_In):
    """OpenAI's form, as far as it has a meaning here; what has none is refused by name."""

    model: str
    messages: Annotated[list[MessageIn], Field(min_length=1, max_length=_MOST_MESSAGES)]
    """An optional system message, then user and assistant in turn, the last by the user."""
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    """The same by its newer name"""
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    """0 or absent: the likeliest token each time, as in evaluation."""
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    """Of what is drawn where the temperature is above 0; absent: another each time."""
    n: Literal[1] | None = None
    presence_penalty: Literal[0] | None = None
    frequency_penalty: Literal[0] | None = None
    logprobs: Literal[False] | None = None
    response_format: ResponseFormat | None = None
    user: str | None = None
    """Not read: whom a key belongs to says who asks."""

    @field_validator("max_completion_tokens")
    @classmethod
    def _one_limit(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value and info.data.get("max_tokens"):
            raise ValueError("name one of max_tokens and max_completion_tokens")
        return value


def user_messages(body: object) -> list[Message]:
    """The person's words in a body of whatever form, also one that is refused: as far as they can be read."""
    if not isinstance(body, dict):
        return []
    listed = body.get("messages")
    asked = [body.get("message")]
    for message in listed if isinstance(listed, list) else []:
        if isinstance(message, dict) and message.get("role") == "user":
            content = message.get("content")
            parts = content if isinstance(content, list) else [content]
            asked.append("\n".join(text for part in parts if isinstance(text := _text_of(part), str)))
    texts = (text.encode(errors="replace").decode() for text in asked if isinstance(text, str))
    return [Message("user", text) for text in texts if text.strip()]


def _text_of(part: object) -> object:
    return part.get("text") if isinstance(part, dict) else part


class Usage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int

    @classmethod
    def of(cls, prompt: int, completion: int) -> "Usage":
        return cls(prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion)


FinishReason = Literal["stop", "length", "content_filter"]
"""content_filter: the guard refused the request or ended the answer."""


class Safety(BaseModel):
    """What the guard found."""

    emergency: bool
    """The answer begins with the emergency text."""
    red_flags: list[str]
    refused: str | None
    """The kind of harm that was asked for"""


class ChatResponse(BaseModel):
    response: str
    model: str
    finish_reason: FinishReason
    safety: Safety
    usage: Usage


class MessageOut(BaseModel):
    role: Literal["assistant"] = "assistant"
    content: str


class Choice(BaseModel):
    index: Literal[0] = 0
    message: MessageOut
    finish_reason: FinishReason


class Completion(BaseModel):
    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    safety: Safety


class ModelCard(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: Literal["medgenius"] = "medgenius"


class ModelList(BaseModel):
    object: Literal["list"] = "list"
    data: list[ModelCard]


class Health(BaseModel):
    status: str


class ErrorDetail(BaseModel):
    message: str
    type: str
    param: str | None
    code: str
    emergency: str | None
    """The emergency text, where the message called for it."""


class Error(BaseModel):
    error: ErrorDetail
