"""conf/tracking: Weights & Biases. metrics.jsonl in the run directory is written whatever stands here."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from medgenius.config.fields import AlsoCalled, Schema


class TrackingConfig(Schema):
    mode: Literal["online", "offline", "off"]
    """online falls back to offline where there is no key or no network."""
    project: Annotated[str, Field(min_length=1, max_length=128), AlsoCalled("project_name")]
    entity: Annotated[str | None, AlsoCalled("team")]
    group: Annotated[str | None, AlsoCalled("study")]
    job_type: str
    tags: list[Annotated[str, Field(min_length=1, max_length=64)]]
    log_samples: Annotated[bool | Literal["auto"], AlsoCalled("log_model", "log_text")]
    """Whether questions of the validation set and the model's answers to them are written to W&B and the run
    directory. auto: for the shipped sample only, since other dialogues may hold patients' words."""
    samples: Annotated[int, Field(gt=0), AlsoCalled("n_samples", "num_samples")]
    """How many questions are answered before and after training."""
    sample_tokens: Annotated[int, Field(gt=0), AlsoCalled("max_new_tokens")]
    """Longest such answer, in tokens."""

    @field_validator("project")
    @classmethod
    def _is_what_wandb_takes(cls, value: str) -> str:
        if refused := [sign for sign in "/\\#?%:" if sign in value]:
            raise ValueError(f"a name with {refused[0]} is none that W&B takes")
        return value
