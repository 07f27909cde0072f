"""A study of rank, learning rate and epochs: `python experiments/plot_study.py out.svg study.db`.

Left the loss of every trial at its first validation against the learning rate, right the whole curves.
"""

import sys
from pathlib import Path

import optuna
from matplotlib.figure import Figure
from optuna.trial import FrozenTrial, TrialState

COLOURS = {"4": "#2a6f97", "8": "#52b69a", "16": "#e9c46a", "32": "#f4a261", "64": "#c1121f"}
"""By rank"""
RATE, RANK, EPOCHS = "optimizer.learning_rate", "lora.r", "trainer.epochs"


def main(output: Path, database: Path) -> None:
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{database}")
    trials = [trial for trial in study.trials if trial.state in {TrialState.COMPLETE, TrialState.PRUNED}]
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    first, curves = figure.subplots(1, 2)
    for trial in trials:
        losses, whole = trial.intermediate_values, trial.state == TrialState.COMPLETE
        colour = COLOURS[str(trial.params[RANK])]
        first.plot(
            trial.params[RATE], losses[1], "o", color=colour, markerfacecolor=colour if whole else "none", markersize=6
        )
        style, label = (".-", _told(trial)) if whole else (".:", None)
        curves.plot(list(losses), list(losses.values()), style, color=colour, linewidth=1.2, label=label)
    for rank, colour in COLOURS.items():
        first.plot([], [], "o", color=colour, markersize=5, label=rank)
    first.legend(frameon=False, title="rank", fontsize=8, title_fontsize=8)
    first.set_xscale("log")
    first.set_xlabel("learning rate", fontsize=9)
    first.set_ylabel("validation loss after half an epoch", fontsize=9)
    first.set_title("every trial; filled: trained to its end", loc="left", fontsize=10)
    curves.set_xlabel("validation, two for each epoch", fontsize=9)
    curves.set_ylabel("validation loss, nats per target token", fontsize=9)
    curves.set_title("each trial's curve", loc="left", fontsize=10)
    curves.legend(frameon=False, title="trial: learning rate, epochs", fontsize=8, title_fontsize=8)
    for axes in (first, curves):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(output, metadata={"Date": None})


def _told(trial: FrozenTrial) -> str:
    return f"{trial.number}: {trial.params[RATE]:.1e}, {trial.params[EPOCHS]} ep."


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
