"""The pictures of a study: Optuna's own, and two that it has not."""

import math
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress

import optuna.visualization as pictures
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState
from plotly.graph_objects import Figure, Heatmap

from medgenius.sweeps.study import Facts

RANK, RATE = "lora.r", "optimizer.learning_rate"
_PER_DECADE = 4
"""Cells of the heat map's learning rate."""
COLOURS = {"COMPLETE": "#2a6f97", "PRUNED": "#e09f3e", "FAIL": "#9e2a2b", "RUNNING": "#777777", "WAITING": "#bbbbbb"}


def figures(study: Study, facts: Facts) -> list[tuple[str, Figure]]:
    """(title, picture), those that this study has enough trials for."""
    if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        return [("Cost", cost(study, facts))]
    single = len(facts.metrics) == 1
    drawn: list[tuple[str, Figure]] = []
    if 1 < len(facts.metrics) <= 3:
        drawn.append(("Pareto front", pictures.plot_pareto_front(study, target_names=facts.metrics)))
    for i, metric in enumerate(facts.metrics):
        suffix = "" if single else f": {metric}"
        drawn += _of_metric(study, facts, i, suffix)
    if single and (map_ := heat_map(study, facts)):
        drawn.append(("Rank × learning rate", map_))
    if single and any(trial.intermediate_values for trial in study.get_trials(deepcopy=False)):
        drawn.append(("Validation curves, pruned trials too", validations(study, facts)))
    drawn.append(("Cost", cost(study, facts)))
    return drawn


def _of_metric(study: Study, facts: Facts, index: int, suffix: str) -> list[tuple[str, Figure]]:
    metric = facts.metrics[index]
    target: Callable[[FrozenTrial], float] | None = None
    if len(study.directions) > 1:
        target = lambda trial: trial.values[index]  # noqa: E731  what Optuna asks for
    wanted = [("History", pictures.plot_optimization_history(study, target=target, target_name=metric))]
    if (drawn := _importance(study, index, metric)) is not None:
        wanted.append(("Importance", drawn))
    parallel = pictures.plot_parallel_coordinate(study, target=target, target_name=metric)
    parallel.update_xaxes(ticktext=[_whole(label, facts.space) for label in parallel.layout.xaxis.ticktext or ()])
    wanted += [
        ("Slices", pictures.plot_slice(study, target=target, target_name=metric)),
        ("Parallel coordinates", parallel),
    ]
    return [(f"{title}{suffix}", figure) for title, figure in wanted]


def _importance(study: Study, index: int, metric: str) -> Figure | None:
    """What decided over the best values; None where the trials do not differ enough."""
    if len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))) < 2:
        return None
    sign = 1 if study.directions[index] is StudyDirection.MINIMIZE else -1
    target: Callable[[FrozenTrial], float] | None = None
    if len(study.directions) > 1:
        target = lambda trial: sign * trial.values[index]  # noqa: E731  what Optuna asks for
    with suppress(ValueError, RuntimeError), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that of a target the lowest counts as the best
        drawn = pictures.plot_param_importances(study, target=target, target_name=metric)
        drawn.update_traces(marker_color=COLOURS["COMPLETE"])
        return drawn
    return None


def _whole(label: str, names: Iterable[str]) -> str:
    """Optuna cuts long names short."""
    found = [name for name in names if label.endswith("...") and name.startswith(label.removesuffix("..."))]
    return found[0] if len(found) == 1 else label


def heat_map(study: Study, facts: Facts) -> Figure | None:
    """The best value in each cell of rank and learning rate, and the trials in it; None where these were not searched.

    Empty cells were not tried. Cells are a quarter of a decade wide.
    """
    trials = [
        trial
        for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if RANK in trial.params and RATE in trial.params
    ]
    if not trials:
        return None
    better = min if facts.directions[0] == "minimize" else max
    cells: dict[tuple[int, float], list[float]] = defaultdict(list)
    for trial in trials:
        assert trial.value is not None
        column = math.floor(math.log10(trial.params[RATE]) * _PER_DECADE)
        cells[column, trial.params[RANK]].append(trial.value)
    first, last = min(column for column, _ in cells), max(column for column, _ in cells)
    across, ranks = range(first, last + 1), sorted({rank for _, rank in cells})
    best = [[better(cells[c, r]) if (c, r) in cells else None for c in across] for r in ranks]
    text = [[_told(better, cells[c, r]) if (c, r) in cells else "" for c in across] for r in ranks]
    names = [f"{10 ** (c / _PER_DECADE):.1e} – {10 ** ((c + 1) / _PER_DECADE):.1e}" for c in across]
    figure = Figure(
        Heatmap(
            z=best,
            x=names,
            y=[f"r = {rank}" for rank in ranks],
            text=text,
            texttemplate="%{text}",
            colorscale="Viridis",
            reversescale=facts.directions[0] == "minimize",
            colorbar={"title": facts.metrics[0]},
            hoverongaps=False,
        )
    )
    figure.update_layout(xaxis_title=RATE, yaxis_title=RANK, xaxis_type="category", yaxis_type="category")
    return figure


def _told(better: Callable[[list[float]], float], found: list[float]) -> str:
    return f"{better(found):.3f}<br>n={len(found)}"


def validations(study: Study, facts: Facts) -> Figure:
    """What each trial reported, complete ones in blue, pruned ones in orange up to where they ended."""
    figure = Figure()
    shown: set[str] = set()
    for trial in study.get_trials(deepcopy=False):
        if not trial.intermediate_values:
            continue
        state = trial.state.name
        steps = sorted(trial.intermediate_values)
        figure.add_scatter(
            x=steps,
            y=[trial.intermediate_values[step] for step in steps],
            mode="lines+markers",
            name=state.lower(),
            legendgroup=state,
            showlegend=state not in shown,
            line={"color": COLOURS[state], "width": 1.5},
            marker={"symbol": "x" if state == "PRUNED" else "circle", "size": 6},
            hovertemplate=f"trial {trial.number}<br>validation %{{x}}<br>%{{y:.4f}}",
        )
        shown.add(state)
    figure.update_layout(xaxis_title="validation", yaxis_title=facts.metrics[0], xaxis_dtick=1)
    return figure


def cost(study: Study, facts: Facts) -> Figure:
    """Seconds of each trial that told them, by how it ended."""
    figure = Figure()
    for state in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL):
        trials = [t for t in study.get_trials(deepcopy=False, states=(state,)) if "seconds" in t.user_attrs]
        figure.add_bar(
            x=[trial.number for trial in trials],
            y=[trial.user_attrs["seconds"] for trial in trials],
            name=state.name.lower(),
            marker_color=COLOURS[state.name],
            customdata=[trial.user_attrs["cost"] for trial in trials],
            hovertemplate=f"trial %{{x}}<br>%{{y:.0f}} s<br>%{{customdata:.4f}} {facts.currency}",
        )
    figure.update_layout(xaxis_title="trial", yaxis_title="seconds", barmode="stack", showlegend=True)
    return figure
