"""conf/evaluate.yaml: the whole of an evaluation."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from medgenius.config.chosen_run import ChosenRun
from medgenius.config.evaluation import EvaluationConfig
from medgenius.config.fields import AlsoCalled, Root
from medgenius.errors import ConfigError


class EvaluateConfig(Root):
    file: ClassVar[str] = "evaluate"

    run: Annotated[ChosenRun, AlsoCalled("model", "run_dir")]
    output: Annotated[str | None, Field(min_length=1), AlsoCalled("out", "output_dir", "directory", "save_dir")]
    """Folder for what comes out; null for `evaluation/` in the run directory."""
    evaluation: Annotated[EvaluationConfig, AlsoCalled("eval")]
    seed: Annotated[int, Field(ge=0, lt=2**32), AlsoCalled("random_seed")]
    """Of the choice of items and of the bootstrap."""

    def check_machine(self) -> None:
        if not self.run.folder.is_dir():
            raise ConfigError(f"run={self.run.path}: there is no such run directory")
        evaluation = self.evaluation
        for key, path in (
            ("dialogues.path", evaluation.dialogues.path),
            ("choices.path", evaluation.choices.path),
            ("safety.triage_path", evaluation.safety.triage_path),
            ("safety.harmful_path", evaluation.safety.harmful_path),
        ):
            if path is not None and not Path(path).expanduser().is_file():
                raise ConfigError(f"evaluation.{key}={path}: there is no such file")
        if evaluation.empathy.model is not None and not Path(evaluation.empathy.model).expanduser().is_dir():
            raise ConfigError(f"evaluation.empathy.model={evaluation.empathy.model}: there is no such folder")
