"""What surrounds a `-m` multirun: every job's config is checked before the first starts, and a table ends it."""

import sys
from pathlib import Path

from hydra import compose
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from rich.console import Console

from medgenius.config.app import translated
from medgenius.config.train import TrainConfig
from medgenius.config.validate import to_config
from medgenius.errors import ConfigError, shown
from medgenius.sweeps.table import runs_table

_BASIC = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"


class MultirunCallback(Callback):
    """Named in conf/train.yaml under hydra.callbacks."""

    def on_multirun_start(self, config: DictConfig, **kwargs: object) -> None:  # noqa: ARG002
        """Refuse the whole sweep if one of its jobs would be refused."""
        if config.hydra.sweeper._target_ != _BASIC:
            return  # another sweeper chooses its values as it goes
        overrides = OverridesParser.create().parse_overrides(
            [str(text) for text in OmegaConf.to_container(config.hydra.overrides.task, resolve=False) or ()]
        )
        for batch in BasicSweeper.split_arguments(overrides, max_batch_size=None):
            for job in batch:
                _check(config.hydra.job.config_name, list(job))

    def on_multirun_end(self, config: DictConfig, **kwargs: object) -> None:  # noqa: ARG002
        if config.hydra.sweeper._target_ != _BASIC:
            return  # it tells what it came to itself
        root, name = Path(config.run.root).expanduser(), config.run.name
        sweep = root / name if name else Path(config.hydra.sweep.dir)
        Console().print(runs_table(sorted(path for path in sweep.iterdir() if path.is_dir())))


def _check(config_name: str, overrides: list[str]) -> None:
    try:
        to_config(compose(config_name=config_name, overrides=overrides), TrainConfig)
    except (ConfigError, HydraException, OmegaConfBaseException) as raised:
        error = raised if isinstance(raised, ConfigError) else translated(raised, TrainConfig)
        for line in str(error).splitlines():
            print(f"error: {line} (in {shown(' '.join(overrides))})", file=sys.stderr)
        raise SystemExit(2) from None  # Hydra goes on after any ordinary exception of a callback
