"""Plans of small studies, as the command line would make them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from medgenius.config.app import config_dir
from medgenius.config.arguments import in_sweep_words
from medgenius.config.train import TrainConfig
from medgenius.sweeps.planning import config_with, make_plan
from medgenius.sweeps.study import Plan

TINY = (
    *("model=tiny", "data.max_rows=20", "data.max_length=512", "tracking=off", "trainer.batch_size=8"),
    *("trainer.tokens_per_pass=768", "model.cache_dequantized=true", "trainer.compile=false"),
)
ONLY_RANK = ("hydra.sweeper.space.optimizer.learning_rate=null", "hydra.sweeper.space.trainer.epochs=null")


@dataclass(frozen=True)
class Line:
    """A command line, composed."""

    plan: Plan

    def compose(self, overrides: Sequence[str]) -> TrainConfig:
        return config_with(_load, overrides)


def _load(overrides: Sequence[str]) -> DictConfig:
    return compose("train", overrides=["hydra/sweeper=optuna", *overrides], return_hydra_config=True)


@contextmanager
def typed(*arguments: str) -> Iterator[Line]:
    """`python train.py -m hydra/sweeper=optuna <arguments>`, up to its plan.

    Raises:
        ConfigError: as the command line would say it.
    """
    words = [in_sweep_words(argument) for argument in arguments]
    hydras = [word for word in words if word.lstrip("+~").startswith("hydra")]
    others = [word for word in words if word not in hydras]
    with initialize_config_dir(version_base="1.3", config_dir=str(config_dir())):
        files = [word for word in others if word.startswith("experiment=")]
        composed = compose("train", overrides=["hydra/sweeper=optuna", *files, *hydras], return_hydra_config=True)
        yield Line(make_plan(composed, others, _load, ("python", "train.py")))


def tiny_study(root: Path, *arguments: str) -> tuple[str, ...]:
    return (*TINY, f"run.root={root}", *arguments)
