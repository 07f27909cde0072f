"""An evaluation's own run in W&B, in the project of the run that was measured: its table and its numbers, no text."""

import hashlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.console import Console

from medgenius.connection import Mode, wandb_mode
from medgenius.evaluation.findings import Findings
from medgenius.runs import Evaluation

if TYPE_CHECKING:
    import wandb

_COLUMNS: Final = ("measure", "base", "tuned", "difference", "low", "high", "adjusted p", "n", "unparsed")


def tell_wandb(evaluation: Evaluation, findings: Findings, console: Console) -> None:
    """As the run's tracking says: online, offline or not at all. What W&B refuses is one line and no error, since every
    number is in the folder of the evaluation."""
    tracking = findings.run_config.tracking
    if tracking.mode == "off":
        return
    os.environ["WANDB_SILENT"] = "true"
    import wandb  # noqa: PLC0415  only where it is wanted

    mode, why = wandb_mode(tracking.mode)
    try:
        run = _begin(mode, evaluation, findings)
        run.log({"evaluation": wandb.Table(columns=list(_COLUMNS), data=rows(findings))})
        for name, line in findings.comparison.metrics.items():
            run.summary.update({f"{name}.base": line.base, f"{name}.tuned": line.tuned, f"{name}.n": line.n})
        run.finish(exit_code=0)
    except (wandb.Error, TimeoutError, OSError) as error:
        said = f"W&B was not told: {str(error).strip().partition(chr(10))[0][:200]}"
    else:
        said = f"W&B: offline ({why}); later: wandb sync {evaluation.path}/wandb/offline-run-*" if why else ""
    if said:
        console.print(said, highlight=False, markup=False, soft_wrap=True)


def rows(findings: Findings) -> list[Sequence[str | float | int | None]]:
    """Of the table, a measure each."""
    comparison = findings.comparison
    return [
        (
            name,
            line.base,
            line.tuned,
            line.difference,
            line.low,
            line.high,
            comparison.statistics[name].p_adjusted,
            line.n,
            line.unparsed,
        )
        for name, line in comparison.metrics.items()
    ]


def _begin(mode: Mode, evaluation: Evaluation, findings: Findings) -> "wandb.Run":
    import wandb  # noqa: PLC0415

    tracking, asked = findings.run_config.tracking, findings.config
    return wandb.init(
        # The same evaluation, told again, is the same run.
        id=f"evaluation-{hashlib.sha256(str(evaluation.path).encode()).hexdigest()[:10]}",
        resume="allow" if mode == "online" else None,
        name=f"evaluation of {findings.run.path.name}",
        dir=str(evaluation.path),
        project=tracking.project,
        entity=tracking.entity,
        group=tracking.group,
        job_type="evaluation",
        tags=[*tracking.tags, "evaluation"],
        mode=mode,
        # Console text and source code stay here: neither belongs to the numbers.
        settings=wandb.Settings(console="off", save_code=False, disable_git=True, init_timeout=60, silent=True),
        config={"run": findings.run.path.name, "seed": asked.seed, "system": asked.evaluation.system}
        | {"max_items": asked.evaluation.max_items, "resamples": asked.evaluation.resamples},
    )
