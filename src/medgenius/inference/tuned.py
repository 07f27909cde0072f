"""A finished run as a model: the frozen LLaMA as it was trained with, the adapter, and the one prompt."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from peft import PeftModel, set_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from medgenius.config.train import TrainConfig
from medgenius.data.prompt import Prompt
from medgenius.errors import RunError
from medgenius.model.adapter import add_adapter
from medgenius.model.backbone import load_backbone, load_tokenizer
from medgenius.model.identity import refuse_other_base
from medgenius.model.machine import choose_machine
from medgenius.model.safe_files import pickles_in
from medgenius.runs import Run, read_beginning, read_config


@dataclass(frozen=True, slots=True)
class TunedModel:
    """In evaluation mode and without gradients."""

    model: PeftModel
    tokenizer: PreTrainedTokenizerBase
    prompt: Prompt
    config: TrainConfig
    """Of the run."""

    @contextmanager
    def base(self) -> Iterator[None]:
        """Inside, the model answers as it did before training: the adapter is switched off."""
        with self.model.disable_adapter():
            yield
        self.model.requires_grad_(False)  # PEFT switches the adapter's gradients on with the adapter


def load_tuned(run: Run) -> TunedModel:
    """What the run trained, computed as in training: same quantisation, dtype, device and prompt.

    Raises:
        RunError: there is no such run, it has no adapter, or the adapter is damaged, another's, or was trained on other
            frozen weights.
        ModelError: the frozen model cannot be had.
    """
    config = read_config(run)
    state = _adapter_state(run)  # before a model is loaded for nothing
    cache_dir = Path(config.run.cache_dir).expanduser()
    refuse_other_base(config.model, run, read_beginning(run).base, cache_dir)
    machine = choose_machine(config.trainer)
    tokenizer = load_tokenizer(config.model, cache_dir)
    prompt = Prompt(config.prompt, tokenizer)
    tokenizer.chat_template = prompt.chat_template
    model = add_adapter(load_backbone(config.model, cache_dir, machine.dtype, machine.device), config.lora, config.seed)
    _put(model, run, state, "default")
    return TunedModel(model, tokenizer, prompt, config)


def put_adapter(model: PeftModel, run: Run, name: str) -> None:
    """The weights of a run's adapter into the model's adapter of this name.

    Raises:
        RunError: it is missing, damaged, or another's.
    """
    _put(model, run, _adapter_state(run), name)


def _put(model: PeftModel, run: Run, state: dict[str, Tensor], name: str) -> None:
    try:
        missing, unexpected = cast(
            "tuple[list[str], list[str]]", set_peft_model_state_dict(model, state, adapter_name=name)
        )
    except RuntimeError as error:  # shapes
        raise RunError(f"{run.adapter} does not fit {run.config}: {str(error).splitlines()[-1].strip()}") from None
    lacking = [key for key in missing if "lora_" in key and f".{name}." in key]
    for what, keys in (("it lacks", lacking), ("unknown to it:", unexpected)):
        if keys:
            raise RunError(f"{run.adapter} does not fit {run.config}: {what} {keys[0]}")
    model.eval().requires_grad_(False)


def _adapter_state(run: Run) -> dict[str, Tensor]:
    file = run.adapter / "adapter_model.safetensors"
    if pickles := pickles_in(run.adapter):
        raise RunError(f"{run.adapter} holds a pickle ({pickles[0]}), which could run code: only safetensors are read")
    try:
        return load_file(file)
    except FileNotFoundError:
        raise RunError(f"{run.path} has no trained adapter: {file.relative_to(run.path)} is missing") from None
    except (OSError, SafetensorError) as error:
        raise RunError(f"{file} can't be read: {error}") from None
