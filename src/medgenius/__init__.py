"""MedGenius: config-composed fine-tuning of LLaMA on medical dialogues."""

from importlib.metadata import version

__version__ = version("medgenius")
