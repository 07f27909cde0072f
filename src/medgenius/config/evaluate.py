"""conf/evaluate.yaml: the whole of an evaluation."""

from typing import Annotated, ClassVar

from pydantic import Field

from medgenius.config.chosen_run import ChosenRun
from medgenius.config.evaluation import EvaluationConfig
from medgenius.config.fields import AlsoCalled, Root
from medgenius.config.places import PathText, is_file, is_folder
from medgenius.errors import ConfigError


class EvaluateConfig(Root):
    file: ClassVar[str] = "evaluate"

    run: Annotated[ChosenRun, AlsoCalled("model", "run_dir")]
    output: Annotated[PathText | None, AlsoCalled("out", "output_dir", "directory", "save_dir")]
    """Folder for what comes out; null for `evaluation/` in the run directory."""
    evaluation: Annotated[EvaluationConfig, AlsoCalled("eval")]
    seed: Annotated[int, Field(ge=0, lt=2**32), AlsoCalled("random_seed")]
    """Of the choice of items and of the bootstrap."""

    def check_machine(self) -> None:
        if not is_folder(self.run.path):
            raise ConfigError(f"run={self.run.path}: there is no such run directory")
        evaluation = self.evaluation
        for key, path in (
            ("dialogues.path", evaluation.dialogues.path),
            ("choices.path", evaluation.choices.path),
            ("safety.triage_path", evaluation.safety.triage_path),
            ("safety.harmful_path", evaluation.safety.harmful_path),
        ):
            if path is not None and not is_file(path):
                raise ConfigError(f"evaluation.{key}={path}: there is no such file")
        if evaluation.empathy.model is not None and not is_folder(evaluation.empathy.model):
            raise ConfigError(f"evaluation.empathy.model={evaluation.empathy.model}: there is no such folder")
