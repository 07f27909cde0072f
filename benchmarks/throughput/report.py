"""Figures of all runs as one table, one plot and one JSON file."""

import json
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import torch
from matplotlib.figure import Figure

from peers.meter import Figures
from throughput.systems import CEILING, OURS, Machine, System

HEADER = (
    "system",
    "setting",
    "real tokens/s (min–max)",
    "target tokens/s",
    "MedGenius is faster by",
    "peak memory GB (above the loaded model)",
    "seconds per step (dialogues)",
)


@dataclass(frozen=True)
class Measured:
    """A system's runs with its fastest setting, one per round; or why there are none."""

    system: System
    dialogues: int
    """Per optimizer step"""
    runs: list[Figures]
    failures: list[tuple[int, str]]
    """Settings that gave nothing, and why"""

    def middle(self, value: Callable[[Figures], float]) -> float:
        return median(map(value, self.runs))


@dataclass(frozen=True)
class Results:
    all: Sequence[Measured]
    title: str
    """What was trained, where"""
    lora_parameters: int
    cost_per_hour: float | None
    currency: str

    def of(self, system: System) -> Measured | None:
        return next((one for one in self.all if one.system == system and one.runs), None)


def table(results: Results) -> str:
    """Markdown; ratios are medians of those within each round."""
    cuda = next((run for one in results.all for run in one.runs if run.device_flops_per_second), None)
    extra = ["model flops utilisation" if cuda else "share of the ceiling", "joules per 1,000 real tokens"]
    if results.cost_per_hour is not None:
        extra.append(f"{results.currency} per million real tokens")
    header = [*HEADER, *extra]
    lines = [header, ["---"] * len(header)]
    for one in results.all:
        lines += [_row(one, results, cuda)] if one.runs else []
        lines += [
            [one.system.name, f"batch {batch}" if batch else "", why, *[""] * (len(header) - 3)]
            for batch, why in one.failures
        ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(one: Measured, results: Results, cuda: Figures | None) -> list[str]:
    speeds = [run.real_per_second for run in one.runs]
    joules = [1000 * run.joules / sum(run.real_tokens) for run in one.runs if run.joules is not None]
    row = [
        one.system.name,
        one.runs[-1].setting,
        f"{_number(median(speeds))} ({_number(min(speeds))}–{_number(max(speeds))})",
        _number(one.middle(lambda run: run.target_per_second)),
        _ratio(results.of(OURS), one, "×") if one.system not in {OURS, CEILING} else "",
        f"{one.middle(lambda run: run.peak_bytes) / 1e9:.2f} "
        f"({one.middle(lambda run: run.peak_bytes_above_model) / 1e9:.2f})",
        f"{one.middle(lambda run: median(run.seconds)):.2f} ({one.dialogues})",
        _utilisation(one, results, cuda) if cuda else _ratio(one, results.of(CEILING), "%"),
        f"{median(joules):.1f}" if joules else "not readable",
    ]
    if results.cost_per_hour is not None:
        row.append(f"{results.cost_per_hour / 3600 * 1e6 / median(speeds):.4f}")
    return row


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _ratio(upper: Measured | None, lower: Measured | None, unit: str) -> str:
    if upper is None or lower is None:
        return ""
    pairs = zip(upper.runs, lower.runs, strict=False)
    ratio = median(above.real_per_second / below.real_per_second for above, below in pairs)
    return f"{100 * ratio:.0f} %" if unit == "%" else f"{ratio:.1f} {unit}"


def _utilisation(one: Measured, results: Results, cuda: Figures) -> str:
    """Flops that the model and its adapter need for these tokens, of those that a large product reaches."""
    assert cuda.flops is not None
    assert cuda.device_flops_per_second is not None
    frozen = cuda.flops / sum(cuda.real_tokens)
    needed = frozen if one.system == CEILING else frozen + 6 * results.lora_parameters
    speed = one.middle(lambda run: run.real_per_second)
    return f"{100 * speed * needed / cuda.device_flops_per_second:.0f} %"


def plot(results: Results, path: Path) -> None:
    """Real tokens per second and peak memory, one bar per system."""
    shown = [one for one in results.all if one.runs][::-1]
    names = [f"{one.system.name}\n{one.runs[-1].setting}" for one in shown]
    speeds = [one.middle(lambda run: run.real_per_second) for one in shown]
    ends = [[run.real_per_second for run in one.runs] for one in shown]
    spread = [
        [middle - min(all_) for middle, all_ in zip(speeds, ends, strict=True)],
        [max(all_) - middle for middle, all_ in zip(speeds, ends, strict=True)],
    ]
    colours = ["tab:gray" if one.system == CEILING else "C1" if one.system == OURS else "C0" for one in shown]
    figure = Figure(figsize=(10, 0.7 * len(shown) + 1.4), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    bars = left.barh(names, speeds, xerr=spread, color=colours, error_kw={"elinewidth": 1})
    left.bar_label(bars, [_number(speed) for speed in speeds], padding=4, fontsize=8)
    left.set_xlabel("real tokens per second (median, min to max)", fontsize=9)
    memory = [one.middle(lambda run: run.peak_bytes) / 1e9 for one in shown]
    right.bar_label(right.barh(names, memory, color=colours), [f"{size:.1f}" for size in memory], padding=4, fontsize=8)
    right.set_xlabel("peak memory, GB", fontsize=9)
    for axes in (left, right):
        axes.margins(x=0.15)
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(results.title, fontsize=9, x=0.01, ha="left")
    figure.savefig(path, dpi=120)


def write_json(results: Results, command: str, path: Path) -> None:
    systems = [
        {
            "system": one.system.name,
            "dialogues_per_step": one.dialogues,
            "runs": [asdict(run) for run in one.runs],
            "failures": one.failures,
        }
        for one in results.all
    ]
    content = {"command": command, "title": results.title, "systems": systems}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def versions(results: Results) -> str:
    """Every package's, each once; two where environments differ."""
    found = {f"{name} {version}" for one in results.all for run in one.runs for name, version in run.versions.items()}
    return f"Python {platform.python_version()}, " + ", ".join(sorted(found))


def describe(machine: Machine) -> str:
    if machine.device == "cuda":
        return torch.cuda.get_device_name()
    fields = [line.partition(":") for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()]
    name = next((value.strip() for key, _, value in fields if key.strip() == "model name"), platform.machine())
    return f"{name}, {machine.threads} threads"
