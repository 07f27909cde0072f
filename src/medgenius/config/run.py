"""conf/run: where a run lies and what the machine costs."""

from typing import Annotated

from pydantic import Field

from medgenius.config.fields import AlsoCalled, Schema
from medgenius.config.places import FolderName, PathText


class RunConfig(Schema):
    root: Annotated[PathText, AlsoCalled("dir", "directory", "output_dir")]
    """Folder in which run directories are made."""
    name: Annotated[FolderName | None, AlsoCalled("run_name", "id")]
    """Name of the run directory and of the W&B run; null: time and overrides. In a multirun that of the folder in which
    the runs lie, each of which is called by its overrides."""
    resume: Annotated[
        PathText | None,
        AlsoCalled("resume_from", "resume_from_checkpoint", "ckpt_path", "checkpoint", "continue"),
    ]
    """Go on with a run that was stopped, from its last complete checkpoint. A run directory: with the config that lies
    in it. auto: the run of this `run.name`, with this command line; a new run where there is none."""
    cache_dir: Annotated[PathText, AlsoCalled("cache", "hf_home")]
    """Converted models, token ids and compiled kernels are kept here between runs."""
    cost_per_hour: Annotated[float, Field(ge=0), AlsoCalled("price", "cost", "price_per_hour")]
    """What an hour of this machine costs, for the estimate in the summary; of `trainer.nodes` each costs as much."""
    currency: Annotated[str, Field(min_length=1)]
