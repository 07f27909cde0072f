"""A run directory as an engine, and the prompt of each model that it serves."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import peft

from medgenius.config.serve import RESERVED
from medgenius.config.serving.answering import AnsweringConfig
from medgenius.config.serving.engine import TransformersEngine as TransformersConfig
from medgenius.config.train import TrainConfig
from medgenius.data.dialogue import Message
from medgenius.data.prompt import Prompt
from medgenius.errors import ConfigError, RunError
from medgenius.inference.cache import shelf_length
from medgenius.inference.decoder import Capacity, Decoder
from medgenius.inference.tuned import TunedModel, load_tuned, put_adapter
from medgenius.model.backbone import load_tokenizer
from medgenius.runs import Run, read_config
from medgenius.serving.engine import Engine
from medgenius.serving.transformers_engine import Loaded, TransformersEngine

_BASE, _TUNED = RESERVED
_PROMPT_TOKENS_PER_STEP = 512
"""Of prompts computed between two tokens of those who read already: a longer one comes in parts."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """How a served model is spoken to."""

    prompt: Prompt
    instruction: str
    """The system message of a conversation that has none: what the run was trained with"""

    def prompt_ids(self, messages: Sequence[Message]) -> list[int]:
        """
        Raises:
            DataError: a message spells a control token.
        """
        return self.prompt.encode_prompt(self.with_system(messages))

    def with_system(self, messages: Sequence[Message]) -> list[Message]:
        has_one = messages[0].role == "system"
        return list(messages) if has_one else [Message("system", self.instruction), *messages]


@dataclass(frozen=True, slots=True)
class Served:
    """An engine, and how each of its models is spoken to."""

    engine: Engine
    speakers: Mapping[str, Speaker]


def load_served(run: Run, config: AnsweringConfig) -> Served:
    """
    Raises:
        MedGeniusError: the run, a further run, or what the engine needs can't be had.
    """
    match config.engine.name:
        case "transformers":
            return _with_transformers(run, config, config.engine)
        case "llama_cpp":
            from medgenius.serving.llama_cpp import LlamaCppEngine  # noqa: PLC0415  an extra

            speakers = {_TUNED: speaker_of(read_config(run))}
            return Served(LlamaCppEngine(config.engine, config), speakers)
        case "vllm":
            from medgenius.serving.vllm import VllmEngine  # noqa: PLC0415  only this choice needs it

            speakers = {_TUNED: speaker_of(read_config(run))}
            return Served(VllmEngine(config.engine, config), speakers)


def speaker_of(config: TrainConfig) -> Speaker:
    """Of a run with these settings, without its model."""
    tokenizer = load_tokenizer(config.model, Path(config.run.cache_dir).expanduser())
    return Speaker(Prompt(config.prompt, tokenizer), config.data.default_instruction)


def _with_transformers(run: Run, config: AnsweringConfig, engine: TransformersConfig) -> Served:
    speakers: dict[str, Speaker] = {}

    def load() -> Loaded:
        return _decoders(run, config, engine, speakers)

    return Served(TransformersEngine(load, engine.streams, engine.waiting), speakers)


def _decoders(run: Run, config: AnsweringConfig, engine: TransformersConfig, speakers: dict[str, Speaker]) -> Loaded:
    """Of the run, its base and the further runs; fills in how each is spoken to."""
    tuned = load_tuned(run)
    speaker = Speaker(tuned.prompt, tuned.config.data.default_instruction)
    speakers |= {_TUNED: speaker, _BASE: speaker}
    per_stream = config.max_prompt_tokens + config.max_new_tokens
    capacity = Capacity(engine.streams, engine.streams * shelf_length(per_stream), _PROMPT_TOKENS_PER_STEP)
    decoders = {_TUNED: Decoder(tuned, capacity, _shared(speaker))}
    if per_stream > (longest := decoders[_TUNED].longest):
        raise ConfigError(
            f"serving.max_prompt_tokens={config.max_prompt_tokens} and serving.max_new_tokens={config.max_new_tokens} "
            f"together are more than the {longest} tokens that the model can hold"
        )
    with tuned.base():
        decoders[_BASE] = Decoder(tuned, capacity, _shared(speaker))
    for name, folder in config.adapters.items():
        other = _beside(tuned, name, Run(Path(folder).expanduser().resolve(), name))
        speakers[name] = Speaker(Prompt(other.prompt, tuned.tokenizer), other.data.default_instruction)
        decoders[name] = Decoder(tuned, capacity, _shared(speakers[name]))
    return decoders, deepcopy(tuned.tokenizer)  # the engine's thread decodes while others encode


def _beside(tuned: TunedModel, name: str, run: Run) -> TrainConfig:
    """Put a further run's adapter over the same frozen weights, and make it the one at work.

    Raises:
        RunError: it was trained on another base, or its adapter does not fit.
    """
    config = read_config(run)
    if config.model != tuned.config.model:
        raise RunError(f"serving.adapters.{name}: {run.path} was trained on another base than the run itself")
    if set(config.lora.target_modules) != set(tuned.config.lora.target_modules):
        raise RunError(f"serving.adapters.{name}: {run.path} adapts other layers (lora.target_modules) than the run")
    ours = tuned.model.peft_config["default"]
    assert isinstance(ours, peft.LoraConfig)
    tuned.model.add_adapter(name, dataclasses.replace(ours, r=config.lora.r, lora_alpha=config.lora.alpha))
    tuned.model.set_adapter(name)
    put_adapter(tuned.model, run, name)
    return config


def _shared(speaker: Speaker) -> list[int]:
    """The tokens that every prompt with the run's own instruction begins with."""
    first, second = (speaker.prompt_ids([Message("user", text)]) for text in ("a", "1"))
    same: Iterable[tuple[int, int]] = zip(first, second, strict=False)
    return first[: next((i for i, (a, b) in enumerate(same) if a != b), 0)]
