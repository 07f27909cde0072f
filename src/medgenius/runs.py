"""The run directory: every file that a run writes or that a later verb reads is named here, once."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, ConfigDict, ValidationError
from yaml import YAMLError  # type: ignore[import-untyped]  # its stubs are another package

from medgenius.config.launch import Launch
from medgenius.config.run import RunConfig
from medgenius.config.train import TrainConfig
from medgenius.config.validate import other_version
from medgenius.errors import RunError
from medgenius.files import sync, write_text


@dataclass(frozen=True)
class Run:
    """Paths inside one run directory."""

    path: Path
    title: str

    @property
    def config(self) -> Path:
        """The composed config, with what a resumed run has changed, YAML."""
        return self.path / "config.yaml"

    @property
    def metrics(self) -> Path:
        """One JSON object per logged step: the local truth, W&B gets the same."""
        return self.path / "metrics.jsonl"

    @property
    def adapter(self) -> Path:
        """The trained adapter in PEFT's own format, with the tokenizer and its chat template."""
        return self.path / "adapter"

    @property
    def checkpoints(self) -> Path:
        """`step-<n>/` folders, each a complete place to go on from."""
        return self.path / "checkpoints"

    @property
    def lock(self) -> Path:
        """Which process trains here, or started those that do, JSON; absent when none does."""
        return self.path / "lock"

    @property
    def start(self) -> Path:
        """What the first start chose where the config says `auto`, and fingerprints of data and model, JSON."""
        return self.path / "start.json"

    @property
    def summary(self) -> Path:
        """What the run came to, JSON."""
        return self.path / "summary.json"

    @property
    def report(self) -> Path:
        """The summary as a page with curves, self-contained HTML."""
        return self.path / "report.html"

    @property
    def skipped_rows(self) -> Path:
        """File, line and reason of every row that was left out (never its text), JSONL."""
        return self.path / "skipped_rows.jsonl"

    @property
    def samples(self) -> Path:
        """Questions with the answers before and after training, JSONL; absent unless `tracking.log_samples`."""
        return self.path / "samples.jsonl"

    @property
    def evaluation(self) -> "Evaluation":
        """What `medgenius evaluate` writes unless told another folder."""
        return Evaluation(self.path / "evaluation")


@dataclass(frozen=True)
class Evaluation:
    """Paths inside the folder of one evaluation."""

    path: Path

    @property
    def records(self) -> Path:
        """A line for each item, with both outputs and all scores, behind a line that says what was measured, JSONL.
        For its owner only, whatever the run says about samples: it holds outputs."""
        return self.path / "evaluation.jsonl"

    @property
    def verdicts(self) -> Path:
        """What the judge said, JSONL, so that nothing is asked twice. For its owner only."""
        return self.path / "judge.jsonl"

    @property
    def results(self) -> Path:
        """The numbers, JSON."""
        return self.path / "evaluation.json"

    @property
    def table(self) -> Path:
        """The numbers as a table for a model card, Markdown."""
        return self.path / "evaluation.md"

    @property
    def report(self) -> Path:
        """The numbers with plots, and answers side by side, self-contained HTML."""
        return self.path / "evaluation.html"


def create_run(config: RunConfig, launch: Launch) -> Run:
    """Make the directory of a new run: `<root>/<name>`, in a multirun `<sweep>/<job>_<overrides>`.

    Raises:
        RunError: the name is taken, or the folder cannot be written.
    """
    path = run_path(config, launch)
    try:
        path.mkdir(parents=True)
        sync(path.parent)
    except FileExistsError:
        raise RunError(
            f"{path} exists already: go on with it (run.resume=auto), choose another run.name, or remove it"
        ) from None
    except OSError as error:
        raise RunError(f"{path} cannot be made: {error.strerror}") from None
    name = config.name if launch.sweep_dir is None else None  # of a multirun all jobs have it
    return Run(path.resolve(), name or launch.title)


def run_path(config: RunConfig, launch: Launch) -> Path:
    """Where this start's run lies, or for a run without a name, could lie."""
    root = Path(config.root).expanduser()
    if launch.sweep_dir is not None:
        sweep = root / config.name if config.name else launch.sweep_dir
        return sweep / f"{launch.job_number}_{launch.title}"
    if config.name:
        return root / config.name
    return _free(root / f"{datetime.now().astimezone():%Y-%m-%d_%H-%M-%S}_{launch.title}")


def _free(path: Path) -> Path:
    """`path`, or with the first number behind it that is not taken: two runs may start in one second."""
    candidate, number = path, 2
    while candidate.exists():
        candidate, number = path.with_name(f"{path.name}-{number}"), number + 1
    return candidate


def write_config(run: Run, config: TrainConfig) -> None:
    write_text(run.config, OmegaConf.to_yaml(OmegaConf.create(config.model_dump())))


def read_config(run: Run) -> TrainConfig:
    """
    Raises:
        RunError: config.yaml is missing, damaged or of another version.
    """
    try:
        values = OmegaConf.to_container(OmegaConf.load(run.config))
        return TrainConfig.model_validate(values)
    except (FileNotFoundError, NotADirectoryError):
        raise RunError(f"{run.path} is no run directory: it has no {run.config.name}") from None
    except ValidationError as error:
        advice = "use the version that made the run, or run it anew"
        raise RunError(f"{run.config} is of another version of MedGenius ({other_version(error)}): {advice}") from None
    except (OSError, ValueError, YAMLError, OmegaConfBaseException) as error:
        raise RunError(f"{run.config} can't be read: {str(error).splitlines()[0]}") from None


class Beginning(BaseModel):
    """Of start.json, what those who use the run must find again."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    data: str
    """SHA-256 of the examples"""
    base: str
    """Which frozen weights it stands on"""


def read_beginning(run: Run) -> Beginning:
    """
    Raises:
        RunError: start.json is missing, damaged or of another version.
    """
    try:
        return Beginning.model_validate_json(run.start.read_bytes())
    except (OSError, ValidationError):
        raise RunError(f"{run.start} can't be read: what the run was trained on is not known") from None
