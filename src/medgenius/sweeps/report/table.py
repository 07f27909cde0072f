"""A study's trials as rows, and as a Markdown table."""

from collections.abc import Sequence

from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from medgenius.config.duration import duration
from medgenius.markdown import markdown_table
from medgenius.sweeps.ending import best_trials, command, told, values
from medgenius.sweeps.queue import ERROR
from medgenius.sweeps.study import Facts

Cell = None | bool | int | float | str


def columns(facts: Facts) -> list[str]:
    return ["trial", "state", *facts.metrics, *facts.space, "validations", "time", f"cost {facts.currency}", "error"]


def rows(study: Study, facts: Facts) -> list[list[str]]:
    """A row for each trial, the best first; of several metrics by the first."""
    return [_shown(cells) for cells in figures(study, facts)]


def figures(study: Study, facts: Facts) -> list[list[Cell]]:
    """The same for programs: numbers as such, the time in seconds, None where there is nothing."""
    return [_cells(trial, facts) for trial in ranked(study)]


def ranked(study: Study) -> list[FrozenTrial]:
    """Complete trials by their first value, the best first; then pruned ones, then the rest."""
    order = [TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING, TrialState.WAITING]
    sign = 1 if study.directions[0].name == "MINIMIZE" else -1

    def place(trial: FrozenTrial) -> tuple[int, float, int]:
        return order.index(trial.state), sign * trial.values[0] if trial.values else 0.0, trial.number

    return sorted(study.get_trials(deepcopy=False), key=place)


def _cells(trial: FrozenTrial, facts: Facts) -> list[Cell]:
    known = trial.user_attrs
    return [
        trial.number,
        trial.state.name.lower(),
        *(trial.values or [None] * len(facts.metrics)),
        *(trial.params.get(key) for key in facts.space),
        len(trial.intermediate_values),
        known.get("seconds"),
        known.get("cost"),
        known.get(ERROR),
    ]


def _shown(cells: Sequence[Cell]) -> list[str]:
    *others, seconds, cost, error = cells
    return [
        *(_figure(value) for value in others),
        duration(seconds) if isinstance(seconds, int | float) else "–",
        f"{cost:.4f}" if isinstance(cost, int | float) else "–",
        str(error or ""),
    ]


def _figure(value: Cell) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def totals(study: Study, facts: Facts) -> list[tuple[str, str]]:
    """Figures of the whole study."""
    trials = study.get_trials(deepcopy=False)
    seconds = sum(trial.user_attrs["seconds"] for trial in trials if "seconds" in trial.user_attrs)
    cost = sum(trial.user_attrs["cost"] for trial in trials if "cost" in trial.user_attrs)
    return [
        ("trials", told(study)),
        ("training time, added up", duration(seconds)),
        ("estimated cost", f"{cost:.3f} {facts.currency}"),
    ]


def table_text(study: Study, facts: Facts) -> str:
    """Markdown."""
    lines = [f"# Study {study.study_name}", ""]
    goals = [f"{way} {metric}" for way, metric in zip(facts.directions, facts.metrics, strict=True)]
    lines += [f"Searched: {', '.join(goals)}, among", ""]
    lines += [f"- `{key}={text}`" for key, text in facts.space.items()]
    lines += ["", *(f"- {name}: {value}" for name, value in totals(study, facts)), ""]
    for trial in best_trials(study):
        lines += [f"Best: trial {trial.number}, {values(study, trial)}", "", f"    {command(study, trial)}", ""]
    return "\n".join(lines) + "\n" + markdown_table(columns(facts), rows(study, facts))
