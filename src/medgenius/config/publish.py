"""conf/publish.yaml: what of a run is made ready for others, how true it must be, and where it goes."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from medgenius.config.chosen_run import ChosenRun
from medgenius.config.fields import AlsoCalled, Root, Schema
from medgenius.config.places import PathText, exists, is_folder
from medgenius.errors import ConfigError

Format = Literal["adapter", "merged", "gguf"]
GgufType = Literal["F16", "Q8_0", "Q4_0"]
"""How llama.cpp calls them; 16, 8.5 and 4.5 bits per weight."""


BaseWeights = Literal["full", "trained"]


class Limits(Schema):
    max_kl: Annotated[float, Field(gt=0), AlsoCalled("kl", "max_kl_divergence", "kl_threshold")]
    """Nats: mean over the target positions of KL(adapter on its quantised base || merged)."""
    min_agreement: Annotated[float, Field(ge=0, le=1), AlsoCalled("agreement", "top1", "min_top1", "threshold")]
    """Share of the target positions in which both models' most probable tokens are the same."""


class FidelityConfig(Schema):
    """How far the merged model may be from the one that was trained and evaluated; a merge beyond that is refused."""

    dialogues: Annotated[int, Field(gt=0), AlsoCalled("samples", "prompts", "n", "max_items")]
    """Validation dialogues that are compared, or all where there are fewer."""
    full: Annotated[Limits, AlsoCalled("full_precision")]
    """With publish.base_weights=full: what the 4-bit rounding of the training alone may account for."""
    trained: Annotated[Limits, AlsoCalled("quantized", "dequantized")]
    """With publish.base_weights=trained: up to rounding in bf16 it is the same model. A merge into full weights that is
    beyond these is published with a note that says so."""


class PublishSettings(Schema):
    formats: Annotated[list[Format], Field(min_length=1), AlsoCalled("format", "export", "outputs")]
    """adapter: PEFT's own; merged: whole safetensors; gguf: for llama.cpp and Ollama."""
    gguf_types: Annotated[
        list[GgufType], Field(min_length=1), AlsoCalled("quantization", "quantizations", "quants", "types")
    ]
    """One GGUF file each. Norms stay in fp32; with Q4_0 the embeddings and the head are Q8_0."""
    base: Annotated[PathText, AlsoCalled("base_model", "full_precision")] | None
    """Folder or repository with the full-precision weights, for a run whose own base holds 4-bit ones only; null: the
    base of the run."""
    base_weights: Annotated[BaseWeights, AlsoCalled("merge_into", "dequantize", "dequantized")]
    """What the adapter is added to. full: the base's own weights. trained: the same after the 4-bit rounding of the
    training, unpacked again into full precision: the model that was evaluated, nearly token for token."""
    fidelity: Annotated[FidelityConfig, AlsoCalled("merge", "check", "tolerance")]
    verify: Annotated[bool, AlsoCalled("check_reload", "test")]
    """Load the merged folder in plain transformers in a fresh process and repeat ten validation dialogues."""
    force: Annotated[bool, AlsoCalled("overwrite", "ignore", "yes")]
    """Publish a run that is not fit for it; the card then says why it was not. Never writes over a folder."""
    licence: Annotated[str, Field(min_length=1), AlsoCalled("license")] | None
    """Of the base, as the Hub spells it (`apache-2.0`, `llama3.2`); null: what its own files say."""
    data_licence: Annotated[str, Field(min_length=1), AlsoCalled("data_license", "dataset_license")] | None
    """Of the dialogues; null: what their files say."""
    repository: Annotated[str, AlsoCalled("repo", "repo_id", "hub_model_id", "name")] | None
    """`owner/name` on the hub, for target=hub."""
    private: Annotated[bool, AlsoCalled("public", "visibility")]
    """Whether a repository that does not exist yet is made private."""
    dry_run: Annotated[bool, AlsoCalled("dryrun", "dry", "push", "push_to_hub", "upload")]
    """With target=hub: only print what would go where."""

    @property
    def limits(self) -> Limits:
        return self.fidelity.trained if self.base_weights == "trained" else self.fidelity.full

    @field_validator("formats", "gguf_types")
    @classmethod
    def _named_once(cls, value: list[str]) -> list[str]:
        for name in value:
            if value.count(name) > 1:
                raise ValueError(f"{name} stands there {value.count(name)} times")
        return value

    @field_validator("repository")
    @classmethod
    def _has_an_owner(cls, value: str | None) -> str | None:
        if value is not None and (value.count("/") != 1 or not all(value.split("/"))):
            raise ValueError("must be owner/name")
        return value

    @model_validator(mode="after")
    def _nothing_is_set_in_vain(self) -> Self:
        is_merged = not {"merged", "gguf"}.isdisjoint(self.formats)
        if not is_merged and (self.base is not None or self.base_weights == "trained"):
            key = "base_weights=trained" if self.base is None else f"base={self.base}"
            raise ValueError(f"publish.{key} needs merged or gguf among publish.formats")
        return self


class PublishConfig(Root):
    file: ClassVar[str] = "publish"

    run: Annotated[ChosenRun, AlsoCalled("model", "run_dir")]
    target: Annotated[Literal["folder", "hub"], AlsoCalled("to", "destination", "where")]
    """hub: the folder is made as well, then uploaded, unless it is there and whole already."""
    output: Annotated[PathText, AlsoCalled("out", "output_dir", "directory", "save_dir")]
    """Folder that is made for what is published."""
    publish: Annotated[PublishSettings, AlsoCalled("publishing", "settings")]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.target == "hub" and self.publish.repository is None:
            raise ValueError("target=hub needs publish.repository=owner/name")
        if self.target == "folder" and not self.publish.dry_run:
            raise ValueError("publish.dry_run=false uploads: add target=hub")
        if self.target == "folder" and not self.publish.private:
            raise ValueError("publish.private=false is of a repository: add target=hub")
        if self.publish.verify and "merged" not in self.publish.formats:
            raise ValueError("publish.verify=true reloads the merged model: add merged to publish.formats")
        return self

    def check_machine(self) -> None:
        if not is_folder(self.run.path):
            raise ConfigError(f"run={self.run.path}: there is no such run directory")
        if self.target == "folder" and exists(self.output):
            raise ConfigError(f"output={self.output} exists already: choose another, or remove it")
