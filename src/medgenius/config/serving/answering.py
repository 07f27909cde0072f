"""What `medgenius serve` and `medgenius chat` have in common."""

from typing import Annotated

from pydantic import Field

from medgenius.config.fields import AlsoCalled, Schema
from medgenius.config.places import PathText
from medgenius.config.serving.engine import EngineConfig
from medgenius.config.serving.guard import GuardConfig


class AnsweringConfig(Schema):
    engine: Annotated[EngineConfig, AlsoCalled("backend")]
    guard: Annotated[GuardConfig, AlsoCalled("safety", "guardrails")]
    adapters: Annotated[dict[str, PathText], AlsoCalled("models", "loras", "lora_modules")]
    """Further runs over the same base: name -> run directory. Each is served under its name, beside `tuned`, which is
    the run itself, and `base`, the same model without an adapter. Only with the transformers engine."""
    max_prompt_tokens: Annotated[int, Field(gt=0), AlsoCalled("max_input_tokens", "max_input_length")]
    """Tokens of the whole conversation; a longer one is refused, never cut."""
    max_new_tokens: Annotated[int, Field(gt=0), AlsoCalled("max_tokens", "max_output_tokens", "max_length")]
    """The most tokens of an answer, and as many as one gets that asks for no number."""
