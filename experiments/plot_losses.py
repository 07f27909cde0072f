"""Loss of several runs against tokens seen: `python experiments/plot_losses.py out.svg runs/a runs/b`."""

import json
import sys
from pathlib import Path

from matplotlib.figure import Figure


def main(output: Path, runs: list[Path]) -> None:
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    for axes, run in zip(figure.subplots(1, len(runs), squeeze=False)[0], runs, strict=True):
        entries = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
        tokens, seen = 0.0, []
        for entry in entries:  # a validation's entry does not say how many tokens came before it
            tokens = entry.get("tokens/real", tokens)
            is_before = "validation/loss" in entry and "epoch" not in entry  # before training, but measured later
            seen.append((0.0 if is_before else tokens / 1000, entry))
        for metric, style in (("train/loss", "-"), ("validation/loss", "o-")):
            points = [(at, entry[metric]) for at, entry in seen if metric in entry]
            axes.plot(*zip(*points, strict=True), style, markersize=4, label=metric.split("/")[0])
        axes.set_title(run.name, loc="left", fontsize=10)
        axes.set_xlabel("thousand tokens seen", fontsize=9)
        axes.set_ylabel("nats per target token", fontsize=9)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.savefig(output, metadata={"Date": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]])
