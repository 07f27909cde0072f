"""Several run directories as one table."""

import csv
import io
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from medgenius.comparison.page import write_page
from medgenius.comparison.rows import read_rows
from medgenius.comparison.table import as_csv, run_table
from medgenius.config.train import TrainConfig
from medgenius.errors import ConfigError, RunError
from medgenius.files import Json, write_json
from medgenius.runs import Run, write_config
from tests.support import composed


@cache
def tiny() -> TrainConfig:
    return composed("model=tiny")


def made_run(
    path: Path, *overrides: str, loss: float | None = 1.0, metrics: Mapping[str, tuple[float, str]] | None = None
) -> Path:
    path.mkdir(parents=True)
    run = Run(path, path.name)
    values = OmegaConf.create(tiny().model_dump())
    for override in overrides:
        key, _, value = override.partition("=")
        OmegaConf.update(values, key, int(value) if value.isdecimal() else value)
    write_config(run, TrainConfig.model_validate(OmegaConf.to_container(values)))
    if loss is not None:
        write_json(run.summary, {"status": "finished", "validation_loss_after": loss, "tokens_per_second": 10 / loss})
    if metrics:
        run.evaluation.path.mkdir()
        lines: dict[str, Json] = {name: {"tuned": value} for name, (value, _) in metrics.items()}
        better: dict[str, Json] = {name: {"better": side} for name, (_, side) in metrics.items()}
        write_json(run.evaluation.results, {"metrics": lines, "statistics": better})
    return path


def test_only_what_differs_is_a_column_and_the_best_comes_first(tmp_path: Path) -> None:
    paths = [
        made_run(tmp_path / "a", "lora.r=8", "run.name=a", loss=2.0),
        made_run(tmp_path / "b", "lora.r=16", "run.name=b", "tracking.mode=off", loss=1.5),
        made_run(tmp_path / "c", "lora.r=16", "seed=7", loss=None),
    ]
    table = run_table(read_rows(paths), "validation_loss")

    assert table.settings == ["lora.r", "seed"]
    assert [row.name for row in table.rows] == ["b", "a", "c"]
    assert table.columns == ["run", "lora.r", "seed", "validation_loss", "tokens_per_second", "status"]
    assert table.cells()[2] == ["c", "16", "7", "", "", "no summary"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("choices_accuracy", ["a", "b", "c"]),
        ("perplexity", ["b", "c", "a"]),
        ("tokens_per_second", ["b", "c", "a"]),
        ("lora.r", ["b", "a", "c"]),
        ("optimizer.name", ["a", "b", "c"]),
    ],
)
def test_any_column_sorts_each_in_its_direction(sort: str, order: list[str], tmp_path: Path) -> None:
    for name, rank, loss, accuracy in (("a", 16, 3.0, 0.9), ("b", 4, 1.0, 0.5), ("c", 64, 2.0, 0.4)):
        metrics = {"choices_accuracy": (accuracy, "higher"), "perplexity": (loss, "lower")}
        made_run(tmp_path / name, f"lora.r={rank}", loss=loss, metrics=metrics)
    rows = read_rows([tmp_path])
    assert [row.name for row in run_table(rows, sort).rows] == order


def test_a_multirun_folder_gives_its_jobs_in_order_and_a_damaged_one_among_them_stays_a_row(tmp_path: Path) -> None:
    for number in (0, 2, 10):
        made_run(tmp_path / f"{number}_lora.r={number + 1}", f"lora.r={number + 1}", loss=None)
    (tmp_path / "10_lora.r=11" / "config.yaml").write_text("lora: {r: 11}\n")
    (tmp_path / "notes").mkdir()

    rows = read_rows([tmp_path])
    assert [row.name for row in rows] == ["0_lora.r=1", "2_lora.r=3", "10_lora.r=11"]
    assert [row.status for row in rows] == ["no summary", "no summary", "damaged"]
    assert run_table(rows, "validation_loss").settings == ["lora.r"]


def test_what_is_no_run_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is no run directory, and holds none"):
        read_rows([tmp_path])
    path = made_run(tmp_path / "a")
    (path / "summary.json").write_text("{")
    with pytest.raises(RunError, match=r"summary\.json can't be read"):
        read_rows([path])
    (path / "summary.json").write_text('{"validation_loss_after": NaN}')
    with pytest.raises(RunError, match=r"summary\.json can't be read: NaN is no number"):
        read_rows([path])
    (path / "config.yaml").write_text("lora: 3\n")
    with pytest.raises(RunError, match="is of another version"):
        read_rows([path])


def test_an_unknown_column_is_one_line_with_the_one_that_was_meant(tmp_path: Path) -> None:
    rows = read_rows([made_run(tmp_path / "a")])
    with pytest.raises(
        ConfigError, match=r"sort=validation_los: no run has such a column; did you mean validation_loss\?"
    ):
        run_table(rows, "validation_los")


def test_runs_of_one_name_are_told_apart_and_none_counts_twice(tmp_path: Path) -> None:
    paths = [made_run(tmp_path / "x" / "first"), made_run(tmp_path / "y" / "first", "seed=3")]

    assert [row.name for row in read_rows([*paths, paths[0]])] == ["x/first", "y/first"]


def test_names_grow_until_they_differ(tmp_path: Path) -> None:
    paths = [made_run(tmp_path / place / "first") for place in ("x1/runs", "x2/runs", "other")]

    assert [row.name for row in read_rows(paths)] == ["x1/runs/first", "x2/runs/first", "other/first"]


def test_figures_of_retrieval_are_none_of_a_tuned_model(tmp_path: Path) -> None:
    for name in ("a", "b"):
        made_run(tmp_path / name, metrics={"rougeL": (0.5, "higher")})
    results = Run(tmp_path / "b", "b").evaluation.results
    write_json(results, {**json.loads(results.read_text()), "system": "rag", "caveats": ["say so"]})

    tuned, retrieval = read_rows([tmp_path])
    assert "rougeL" in tuned.figures
    assert "rougeL" not in retrieval.figures
    assert (tuned.caveats, retrieval.caveats) == ((), ("say so",))


def test_csv_has_every_figure_in_full(tmp_path: Path) -> None:
    rows = read_rows([made_run(tmp_path / "a,b", "lora.r=8", loss=1 / 3), made_run(tmp_path / "c", loss=2.0)])
    lines = list(csv.DictReader(io.StringIO(as_csv(run_table(rows, "validation_loss")))))

    assert float(lines[0]["validation_loss"]) == 1 / 3
    assert (lines[0]["run"], lines[0]["path"]) == ("a,b", str(tmp_path / "a,b"))


def test_the_page_stands_alone_and_quotes_names_safely(tmp_path: Path) -> None:
    rows = read_rows([made_run(tmp_path / "<b>one", loss=1.0), made_run(tmp_path / "two", "seed=1", loss=2.0)])
    write_page(tmp_path / "page.html", run_table(rows, "validation_loss"))
    page = (tmp_path / "page.html").read_text(encoding="utf-8")

    assert "&lt;b&gt;one" in page
    assert "<b>one" not in page
    assert "http" not in page
    assert "<script" not in page
    assert '<td class="figure best">1</td>' in page


def test_a_pruned_run_is_no_best_and_keys_keep_their_names(tmp_path: Path) -> None:
    """It took less time because it did less."""
    key = "optimizer.learning_rate"
    paths = [made_run(tmp_path / f"{i}", f"{key}={i}", loss=float(i)) for i in (1, 2, 3)]
    write_json(Run(paths[0], "1").summary, {"status": "pruned", "validation_loss_after": 1.0})
    write_page(tmp_path / "page.html", run_table(read_rows(paths), "validation_loss"))
    page = (tmp_path / "page.html").read_text(encoding="utf-8")

    assert key in page
    assert '<td class="figure best">2</td>' in page
    assert '<td class="figure best">1</td>' not in page


def test_names_and_states_sort_by_the_alphabet_and_a_runs_cost_is_a_column(tmp_path: Path) -> None:
    paths = [made_run(tmp_path / "b", loss=1.0), made_run(tmp_path / "a", loss=None)]
    summary: dict[str, Json] = {"status": "finished", "steps": 7, "cost": {"amount": 0.25, "currency": "USD"}}
    write_json(Run(paths[0], "b").summary, summary)
    rows = read_rows(paths)

    assert [row.name for row in run_table(rows, "run").rows] == ["a", "b"]
    assert [row.status for row in run_table(rows, "status").rows] == ["finished", "no summary"]
    assert run_table(rows, "cost").cells()[0] == ["b", "7", "0.2500", "finished"]


def test_where_neither_side_is_better_there_is_no_best(tmp_path: Path) -> None:
    for name, steps, length in (("a", 7, 30.0), ("b", 9, 40.0)):
        path = made_run(tmp_path / name, metrics={"answer_words": (length, "higher"), "rougeL": (length, "higher")})
        run = Run(path, name)
        found = json.loads(run.evaluation.results.read_text())
        found["statistics"]["answer_words"]["better"] = None
        write_json(run.evaluation.results, found)
        write_json(run.summary, {"status": "finished", "steps": steps, "validation_loss_before": float(steps)})
    write_page(tmp_path / "page.html", run_table(read_rows([tmp_path]), "run"))
    page = (tmp_path / "page.html").read_text(encoding="utf-8")

    assert page.count('<td class="figure best">') == 1  # of rougeL alone
