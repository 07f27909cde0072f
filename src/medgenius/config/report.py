"""conf/report.yaml: which study is told, and where the page goes."""

from typing import Annotated, ClassVar

from pydantic import Field

from medgenius.config.fields import AlsoCalled, Root
from medgenius.config.places import PathText


class ReportConfig(Root):
    file: ClassVar[str] = "report"

    study: Annotated[str, Field(min_length=1), AlsoCalled("study_name", "name")]
    """hydra.sweeper.study_name of the sweep."""
    root: Annotated[PathText, AlsoCalled("run.root", "runs", "dir")]
    """run.root of the sweep."""
    storage: Annotated[str | None, AlsoCalled("storage_url", "url", "database")]
    """hydra.sweeper.storage of the sweep, where it had one."""
    output: Annotated[PathText | None, AlsoCalled("out", "path", "folder")]
    """Folder for report.html and report.md; null: the study's own, `<root>/studies/<study>`."""
