"""`medgenius report study=…`: report.html and report.md of a study, whether it has ended or not."""

from pathlib import Path

import optuna
from optuna.study import Study

from medgenius.config.report import ReportConfig
from medgenius.errors import RunError, StudyError
from medgenius.files import write_text
from medgenius.sweeps.report.page import page
from medgenius.sweeps.report.table import table_text
from medgenius.sweeps.storage import open_storage, place_of, quiet_optuna, turn
from medgenius.sweeps.study import facts_of, study_dir


def write_report(config: ReportConfig) -> Path:
    """Gives the page.

    Raises:
        StudyError: there is no such study, or it has no trial that has ended.
        RunError: the folder cannot be written.
    """
    study = read_study(config)
    facts = facts_of(study)
    if facts is None:
        raise StudyError(f"study={study.study_name} is a study of another program")
    if not any(trial.state.is_finished() for trial in study.get_trials(deepcopy=False)):
        raise StudyError(f"study={study.study_name}: no trial has ended yet")
    folder = Path(config.output).expanduser() if config.output else study_dir(config.root, config.study)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"output={folder} cannot be made: {error.strerror}") from None
    write_text(folder / "report.md", table_text(study, facts))
    write_text(folder / "report.html", page(study, facts))
    return folder / "report.html"


def read_study(config: ReportConfig) -> Study:
    """
    Raises:
        StudyError: there is none of this name.
    """
    quiet_optuna()
    place = place_of(config.storage, study_dir(config.root, config.study))
    if place.file and not place.file.exists():
        known = sorted(path.parent.name for path in study_dir(config.root, "x").parent.glob("*/study.db"))
        there = f"; there are: {', '.join(known)}" if known else ""
        raise StudyError(f"study={config.study}: there is no {place.file}{there}")
    with turn(place):
        storage = open_storage(place)
    try:
        return optuna.load_study(study_name=config.study, storage=storage)
    except KeyError:
        known = optuna.get_all_study_names(storage)
        raise StudyError(f"study={config.study}: {place} holds: {', '.join(known) or 'no study'}") from None
