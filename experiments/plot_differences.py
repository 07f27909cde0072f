"""Differences of an evaluation with their intervals: `python experiments/plot_differences.py out.svg evaluation.json`.

One scale for all: the smallest true difference that so many items would have shown in 80 of 100 studies. Right of the
middle is better; an interval across the middle says that either may be. Measures of which no answer differed are left
out, and those of which neither side is better.
"""

import json
import sys
from pathlib import Path

from matplotlib.figure import Figure

_COLOURS = {"better": "#1a7f4b", "worse": "#b3261e", "unclear": "#6b7280"}
_CERTAIN = 0.05


def main(output: Path, evaluation: Path) -> None:
    found = json.loads(evaluation.read_text(encoding="utf-8"))
    lines = []
    for name, line in found["metrics"].items():
        certainty = found["statistics"][name]
        unit = certainty["minimum_detectable_effect"]
        if unit is None or certainty["better"] is None:
            continue
        sign = 1 if certainty["better"] == "higher" else -1
        middle, *ends = (sign * line[key] / unit for key in ("difference", "low", "high"))
        verdict = "unclear"
        if certainty["p_adjusted"] < _CERTAIN:
            verdict = "better" if middle > 0 else "worse"
        lines.append((f"{name}  (n {line['n']:,})", middle, *sorted(ends), verdict))
    figure = Figure(figsize=(8, 0.8 + 0.26 * len(lines)), layout="constrained")
    axes = figure.subplots()
    for place, (_, middle, low, high, verdict) in enumerate(lines):
        axes.plot([low, high], [place, place], color=_COLOURS[verdict], linewidth=1.6)
        axes.plot(middle, place, "o", color=_COLOURS[verdict], markersize=5)
    for verdict, colour in _COLOURS.items():
        axes.plot([], [], "o-", color=colour, label=verdict)
    axes.set_yticks(range(len(lines)), [label for label, *_ in lines], fontsize=8)
    axes.invert_yaxis()
    axes.axvline(0, color="#111827", linewidth=0.8)
    axes.set_xscale("symlog", linthresh=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("← worse     difference / smallest detectable difference     better →", fontsize=9)
    axes.grid(axis="x", alpha=0.25)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, title=f"adjusted p < {_CERTAIN:g}", title_fontsize=8)
    figure.savefig(output, metadata={"Date": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
