"""Hydra's door to medgenius.sweeps: `hydra/sweeper=optuna`.

Hydra imports every module of this namespace whenever it starts, so nothing heavy is imported before it is asked for.
"""

from typing import TYPE_CHECKING

from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn


class OptunaSweeper(Sweeper):
    """A study with Optuna (docs/sweeps.md).

    Its settings are read from the composed config, strictly (medgenius.config.sweeper), not from the arguments that
    Hydra makes of them.
    """

    def __init__(self, **_: object) -> None:
        super().__init__()

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.hydra_context = hydra_context
        self.task_function = task_function
        self.config = config

    def sweep(self, arguments: list[str]) -> "list[JobReturn]":
        from medgenius.sweeps.sweep import sweep  # noqa: PLC0415

        assert self.config is not None
        assert self.hydra_context is not None
        return sweep(self.hydra_context, self.config, arguments)
