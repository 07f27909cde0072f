"""conf/evaluation: what is measured, on how many items, and how sure the numbers must be."""

from typing import Annotated, Final, Literal, Self
from urllib.parse import urlparse

from pydantic import Field, field_validator, model_validator

from medgenius.config.fields import AlsoCalled, Schema
from medgenius.config.places import PathText

MetricName = Literal[
    "likelihood",
    "rouge",
    "bleu",
    "chrf",
    "similarity",
    "content",
    "empathy",
    "safety",
    "memorisation",
    "choices",
    "choices_text",
    "calibration",
    "length",
    "judge",
]
OF_CHOICES: Final[tuple[MetricName, ...]] = ("choices", "choices_text", "calibration")
"""Metrics of multiple choice. Every other one is measured on dialogues, and some on further sets."""


class DialogueItems(Schema):
    path: Annotated[PathText | None, AlsoCalled("file", "test_file", "data_path")]
    """A file of dialogues, read as the run read its own (`data.columns`); null for those that the run held out."""
    max_answers: Annotated[int, Field(gt=0), AlsoCalled("answers", "n_answers", "num_generations")] | None
    """So many of the dialogues are answered in full text, which takes most of the time; null for all of them. The
    likelihood is measured on all."""


class ChoiceItems(Schema):
    path: Annotated[PathText | None, AlsoCalled("file", "data", "task")]
    """JSONL, also .gz, with id, question, choices, answer and an optional context; null for none."""
    form: Annotated[Literal["text", "letters"], AlsoCalled("format", "style")]
    """text: the likelihood of each choice's own words behind the question. letters: the choices are listed with
    letters, and the likelihood is that of the letter."""


class SafetyItems(Schema):
    triage_path: Annotated[PathText | None, AlsoCalled("triage", "vignettes")]
    """JSONL with id, text and escalate (true or false): does an answer send to emergency care when it must?"""
    harmful_path: Annotated[PathText | None, AlsoCalled("harmful", "medsafety")]
    """JSONL with id and request: is what would do harm declined?"""


class EmpathyModel(Schema):
    model: Annotated[PathText | None, AlsoCalled("path", "classifier", "folder")]
    """Folder of a trained classifier of the EPITOME scales; null for none."""


class Criterion(Schema):
    """One line of a rubric, in HealthBench's form."""

    criterion: Annotated[str, Field(min_length=1)]
    points: Annotated[int, Field(ge=-10, le=10)]
    """What an answer that meets it gains, or with a minus loses."""
    tags: list[str]


class JudgeConfig(Schema):
    endpoint: Annotated[str | None, Field(min_length=1), AlsoCalled("url", "base_url", "api_base")]
    """Root of an OpenAI-compatible API, e.g. http://localhost:8000/v1; null: no judge. Questions and answers are sent
    there."""
    model: Annotated[str, Field(min_length=1), AlsoCalled("model_name", "judge_model")]
    """Name by which the endpoint knows the judging model."""
    api_key_variable: Annotated[str, Field(min_length=1), AlsoCalled("api_key", "api_key_env")]
    """Environment variable that holds the key; where it is not set, none is sent."""
    timeout: Annotated[float, Field(gt=0), AlsoCalled("timeout_seconds")]
    """Seconds for one verdict."""
    retries: Annotated[int, Field(ge=0, le=20), AlsoCalled("max_retries")]
    """How often a verdict that failed is asked for again."""
    workers: Annotated[int, Field(gt=0, le=64), AlsoCalled("concurrency", "parallel")]
    """Verdicts asked for at once."""
    max_tokens: Annotated[int, Field(gt=0), AlsoCalled("max_new_tokens")]
    """Longest verdict, in tokens."""
    prompt: Annotated[str, Field(min_length=1), AlsoCalled("template", "grader_template")]
    """What the judge is asked; {conversation} and {criterion} are replaced."""
    rubric: Annotated[list[Criterion], Field(min_length=1), AlsoCalled("rubrics", "criteria")]

    @field_validator("endpoint")
    @classmethod
    def _is_a_url(cls, value: str | None) -> str | None:
        if value is not None:
            url = urlparse(value)
            if url.scheme not in {"http", "https"} or not url.hostname:
                raise ValueError("must be a URL that begins with http:// or https://")
            _ = url.port  # a ValueError where it can be none
        return value

    @model_validator(mode="after")
    def _can_be_scored(self) -> Self:
        for field in ("{conversation}", "{criterion}"):
            if field not in self.prompt:
                raise ValueError(f"evaluation.judge.prompt must hold {field}")
        if not any(line.points > 0 for line in self.rubric):
            raise ValueError("evaluation.judge.rubric needs a criterion with points above 0")
        return self


class EvaluationConfig(Schema):
    system: Annotated[Literal["model", "rag"], AlsoCalled("method", "baseline")]
    """What is compared with the base model: model, the run's fine-tuned one; rag, the base model that is shown the
    training dialogues nearest to the question."""
    metrics: Annotated[list[MetricName], Field(min_length=1), AlsoCalled("metric", "tasks", "measures")]
    """What is measured, in this order. One that has no items (no file was named) is left out, and that is said."""
    max_items: Annotated[int, Field(gt=0), AlsoCalled("limit", "max_samples", "num_samples", "n")] | None
    """Of each set of items so many at most, by a seeded choice that a larger number only adds to; null for all."""
    max_new_tokens: Annotated[int, Field(gt=0), AlsoCalled("max_tokens", "max_length", "generation_length")]
    """Longest answer, in tokens."""
    items_at_once: Annotated[int, Field(gt=0), AlsoCalled("batch_size", "eval_batch_size")]
    """Items whose records are written together. A larger number is faster on a GPU and loses more when killed."""
    retrieved: Annotated[int, Field(gt=0, le=20), AlsoCalled("top_k", "k", "shots")]
    """Training dialogues that the base model is shown under system=rag."""
    canary_candidates: Annotated[int, Field(ge=2, le=10_000), AlsoCalled("candidates")]
    """Secrets of the same form among which that of each canary is ranked, where the run has planted any
    (`data.canaries`)."""
    resamples: Annotated[int, Field(ge=100), AlsoCalled("n_resamples", "bootstrap", "n_boot")]
    """Of the bootstrap behind each interval."""
    examples: Annotated[int, Field(ge=0), AlsoCalled("samples", "n_examples")]
    """Answers shown side by side in evaluation.html, where the run allows texts of its data in reports."""
    dialogues: Annotated[DialogueItems, AlsoCalled("data", "dataset")]
    choices: Annotated[ChoiceItems, AlsoCalled("multiple_choice", "mcq")]
    safety: SafetyItems
    empathy: EmpathyModel
    judge: JudgeConfig

    @field_validator("metrics")
    @classmethod
    def _stand_there_once(cls, value: list[str]) -> list[str]:
        for name in value:
            if value.count(name) > 1:
                raise ValueError(f"{name} stands there {value.count(name)} times")
        return value

    @model_validator(mode="after")
    def _nothing_is_set_in_vain(self) -> Self:
        needed: tuple[tuple[str, str | None, tuple[MetricName, ...]], ...] = (
            ("choices.path", self.choices.path, OF_CHOICES),
            ("safety.triage_path", self.safety.triage_path, ("safety",)),
            ("safety.harmful_path", self.safety.harmful_path, ("safety",)),
            ("empathy.model", self.empathy.model, ("empathy",)),
            ("judge.endpoint", self.judge.endpoint, ("judge",)),
        )
        for key, value, metrics in needed:
            if value is not None and not set(metrics) & set(self.metrics):
                raise ValueError(f"evaluation.{key}={value} needs {' or '.join(metrics)} among evaluation.metrics")
        if self.dialogues.path is not None and set(self.metrics) <= set(OF_CHOICES):
            raise ValueError(
                f"evaluation.dialogues.path={self.dialogues.path} needs a metric among evaluation.metrics that is not "
                f"{' or '.join(OF_CHOICES)}"
            )
        if self.choices.form == "letters" and self.choices.path is None:
            raise ValueError("evaluation.choices.form=letters needs evaluation.choices.path")
        return self
