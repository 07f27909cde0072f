"""The story of publishing: make the folder, or trust the one that is there, and only then let anything out."""

from pathlib import Path

from rich.console import Console

from medgenius.config.publish import PublishConfig
from medgenius.publishing.hub import to_hub
from medgenius.publishing.record import must_be_whole
from medgenius.runs import Run


def publish(config: PublishConfig, console: Console) -> Path:
    """Make the folder `output` from a run, and upload it where target=hub; gives the folder.

    Raises:
        RunError, ModelError: as `make_folder`.
        PublishError: the run is not fit for it, something must not leave, or the hub refuses.
    """
    path = Path(config.run.path).expanduser().resolve()
    run, output = Run(path, path.name), Path(config.output).expanduser()
    if output.exists():
        must_be_whole(output, run, config.publish)
    else:
        from medgenius.publishing.making import make_folder  # noqa: PLC0415  heavy, and an upload alone needs no model

        make_folder(run, output, config.publish, console)
    if config.target == "hub":
        to_hub(output, config.publish, console)
    return output
