"""One typed schema per conf/ group. Nothing heavy is imported here: a refusal must come at once."""

from medgenius.config.train import TrainConfig

__all__ = ["TrainConfig"]
