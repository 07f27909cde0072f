"""conf/tracking: Weights & Biases. metrics.jsonl in the run directory is written whatever stands here."""

from typing import Annotated, Literal

from pydantic import Field

from medgenius.config.fields import AlsoCalled, Schema


class TrackingConfig(Schema):
    mode: Literal["online", "offline", "off"]
    """online falls back to offline where there is no key or no network."""
    project: Annotated[str, Field(min_length=1), AlsoCalled("project_name")]
    entity: Annotated[str | None, AlsoCalled("team")]
    group: Annotated[str | None, AlsoCalled("study")]
    job_type: str
    tags: list[str]
    log_samples: Annotated[bool | Literal["auto"], AlsoCalled("log_model", "log_text")]
    """Whether questions of the validation set and the model's answers to them are written to W&B and the run
    directory. auto: for the shipped sample only, since other dialogues may hold patients' words."""
    samples: Annotated[int, Field(gt=0), AlsoCalled("n_samples", "num_samples")]
    """How many questions are answered before and after training."""
    sample_tokens: Annotated[int, Field(gt=0), AlsoCalled("max_new_tokens")]
    """Longest such answer, in tokens."""
