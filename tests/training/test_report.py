"""What is told of a run when it ends, whatever its answers and its paths hold."""

import io
import json
import math
from pathlib import Path

import pytest
from rich.console import Console

from medgenius.files import refuse_constant, write_jsonl
from medgenius.model.machine import Hardware
from medgenius.runs import Run
from medgenius.training.loggers import JsonlLogger
from medgenius.training.report import write_report
from medgenius.training.summary import Cost, Summary, cost_of, print_summary
from tests.support import composed


def summary(model: str = "tiny") -> Summary:
    return Summary(
        status="finished",
        error=None,
        model=model,
        validation_loss_before=3.0,
        validation_loss_after=2.0,
        training_dialogues=9,
        validation_dialogues=3,
        rows_skipped=0,
        answers_cut=0,
        steps=4,
        adapter_step=4,
        target_tokens=10,
        real_tokens=20,
        tokens_per_second=5.0,
        peak_memory_bytes=10**9,
        seconds=4.0,
        trainable_parameters=100,
        hardware=Hardware(processor="A CPU", cores=2, memory_bytes=10**9, gpu=None),
        cost=Cost(0.0, "USD", 1.0),
    )


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_an_answer_may_hold_any_character_that_parts_lines(separator: str, tmp_path: Path) -> None:
    run = Run(tmp_path, "run")
    run.metrics.write_text(json.dumps({"step": 0, "validation/loss": 3.0}) + "\n")
    write_jsonl(run.samples, [{"question": "q", "before": f"one{separator}two", "after": "three", "reference": "four"}])

    write_report(run, composed("model=tiny"), summary())

    assert f"one{separator}two".encode() in run.report.read_bytes()


@pytest.mark.parametrize("name", ["data[v2]", "data[/]", "[bold]"])
def test_paths_and_names_are_printed_as_they_are(name: str, tmp_path: Path) -> None:
    out, run = io.StringIO(), Run(tmp_path / name, name)

    print_summary(Console(file=out, width=300), run, summary(model=name))

    said = out.getvalue()
    assert f"{name}, 100 trained parameters" in said
    assert str(run.report) in said
    assert str(run.adapter) in said


def test_a_gradient_that_is_infinite_is_null_and_no_point_of_the_page(tmp_path: Path) -> None:
    """In fp16: there it is expected, and the step is skipped."""
    run = Run(tmp_path, "run")
    logger = JsonlLogger(run.metrics)
    for step, norm in enumerate((1.5, math.inf, 2.5)):
        logger.log_metrics({"train/loss": 2.0, "train/gradient_norm": norm}, step)

    lines = run.metrics.read_text().splitlines()
    told = [json.loads(line, parse_constant=refuse_constant)["train/gradient_norm"] for line in lines]
    assert told == [1.5, None, 2.5]
    write_report(run, composed("model=tiny"), summary())
    assert run.report.exists()


def test_each_machine_of_a_run_costs() -> None:
    one, four = (
        cost_of(1800.0, composed("model=tiny", "run.cost_per_hour=2.5", *machines))
        for machines in ((), ("trainer=ddp", "trainer.devices=1", "trainer.nodes=4"))
    )
    assert (one.amount, one.per_hour) == (1.25, 2.5)
    assert (four.amount, four.per_hour) == (5.0, 10.0)
