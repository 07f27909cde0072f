"""Activation checkpointing: a layer keeps its input alone, and its forward runs again in the backward."""

from transformers import LlamaForCausalLM


def checkpoint_layers(model: LlamaForCausalLM) -> None:
    """Through transformers' own switch. What dropout draws is drawn again: torch keeps the generators' states."""
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    model.train()  # a layer in evaluation is not checkpointed, and a loaded model is in evaluation
