"""`medgenius compare`: evaluated runs, item by item, in what both were asked alike."""

import io
import json
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from medgenius.config.app import composed
from medgenius.config.compare import CompareConfig, with_runs_named
from medgenius.errors import RunError
from medgenius.evaluation.compare import compare_runs
from medgenius.runs import Run
from tests.evaluation.support import SMALL, evaluated_into


@pytest.fixture(scope="module")
def evaluated(tiny_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluated")
    evaluated_into(folder, tiny_run.path, "evaluation.max_items=5", "evaluation.dialogues.max_answers=3", *SMALL)
    return folder


def copies(run: Run, evaluated: Path, *paths: Path) -> tuple[Path, ...]:
    """The evaluated run, several times over."""
    for path in paths:
        shutil.copytree(run.path, path)
        shutil.copytree(evaluated, path / "evaluation")
    return paths


def compared(*arguments: object) -> str:
    said = io.StringIO()
    words = with_runs_named([*map(str, arguments), "resamples=200"])
    compare_runs(composed(CompareConfig, *words), Console(file=said, width=1000))  # no name is folded
    return said.getvalue()


def test_what_was_asked_otherwise_is_not_compared(tiny_run: Run, evaluated: Path, tmp_path: Path) -> None:
    one, other = copies(tiny_run, evaluated, tmp_path / "one", tmp_path / "other")
    records = other / "evaluation" / "evaluation.jsonl"
    first, *lines = records.read_text(encoding="utf-8").splitlines(keepends=True)
    header = json.loads(first)
    header["settings"] |= {"max_new_tokens": 7, "system": "rag", "canary_candidates": 9}
    config = (other / "config.yaml").read_text(encoding="utf-8")
    (other / "config.yaml").write_text(config.replace("default_instruction: ", "default_instruction: Kindly. "))
    values = [json.loads(line) for line in lines]
    for value in values:
        if "loss" in value["scores"]:
            value["scores"]["loss"]["weight"] += 1
    values[-1]["item"] = "of another file"
    records.write_text("".join(json.dumps(value) + "\n" for value in [header, *values]), encoding="utf-8")
    said = compared(one, other, f"output={tmp_path / 'out'}")
    page = (tmp_path / "out" / "comparison.html").read_text(encoding="utf-8")

    assert (
        "other (base + retrieval): not compared, since evaluation.max_new_tokens is another: rouge1, rouge2, rougeL"
        in said
    )
    assert "since the reference answers have other tokens (tokenizer or data.max_length): loss, perplexity" in said
    assert "without a counterpart are 1 of the first run and 1 of other (base + retrieval)" in said
    assert "other (base + retrieval): each is asked in its own words, which differ: data.default_instruction" in said
    assert "canary" not in said  # there is none in either
    assert "similarity" not in said
    assert "evaluation.max_new_tokens is another" in page
    assert "perplexity of the reference answer" not in said

    records.write_text(first + json.dumps(values[-1]) + "\n", encoding="utf-8")
    said = compared(one, other)
    assert "other: no item in common" in said
    assert "Paired differences" not in said


def test_a_folder_that_cannot_be_made_is_one_line(tiny_run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"output=.*file/out cannot be made: Not a directory"):
        compared(tiny_run.path, f"output={tmp_path / 'file' / 'out'}")


def test_where_no_measure_is_left_there_is_a_line_and_no_table(tiny_run: Run, evaluated: Path, tmp_path: Path) -> None:
    one, other = copies(tiny_run, evaluated, tmp_path / "one", tmp_path / "other")
    for copy in (one, other):
        records = copy / "evaluation" / "evaluation.jsonl"
        first, *lines = records.read_text(encoding="utf-8").splitlines(keepends=True)
        values = [json.loads(line) for line in lines]
        kept = [{**value, "scores": {"loss": value["scores"]["loss"]}} for value in values if "loss" in value["scores"]]
        records.write_text(first + "".join(json.dumps(value) + "\n" for value in kept), encoding="utf-8")
    tokenizer = other / "adapter" / "tokenizer.json"
    tokenizer.write_text(json.dumps({**json.loads(tokenizer.read_text(encoding="utf-8")), "normalizer": "another"}))
    said = compared(one, other, f"output={tmp_path / 'out'}")

    assert "other: not compared, since the tokenizer is another: loss, perplexity\n" in said
    assert "other: no measure is left to compare" in said
    assert "Paired differences" not in said
    page = (tmp_path / "out" / "comparison.html").read_text(encoding="utf-8")
    assert "other: no measure is left to compare" in page
    assert page.count("<table") == 1


def test_evaluated_runs_are_compared_item_by_item(tiny_run: Run, evaluated: Path, tmp_path: Path) -> None:
    one, other = copies(tiny_run, evaluated, tmp_path / "lora.r=4", tmp_path / "again")
    summary = json.loads((other / "summary.json").read_text())
    (other / "summary.json").write_text(json.dumps({**summary, "validation_loss_after": 1.0}))
    said = compared(one, other, f"output={tmp_path / 'out'}")

    assert said.index("again") < said.index("lora.r=4")
    assert "Paired differences" in said
    lines = (tmp_path / "out" / "comparison.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["run", "again", "lora.r=4"]
    assert "+0.000 [+0.000, +0.000] n=5" in (tmp_path / "out" / "comparison.html").read_text()


def test_one_evaluation_that_cannot_be_read_does_not_cost_the_others(
    tiny_run: Run, evaluated: Path, tmp_path: Path
) -> None:
    names = ("a", "b", "c", "d")
    first, second, other, without_config = copies(tiny_run, evaluated, *(tmp_path / "runs" / name for name in names))
    for path in (first, other):
        (path / "evaluation" / "evaluation.jsonl").write_text('{"medgenius_evaluation": 0}\n')
    (without_config / "config.yaml").write_text("lora: 3\n")
    results = second / "evaluation" / "evaluation.json"
    results.write_text(json.dumps({**json.loads(results.read_text(encoding="utf-8")), "caveats": ["mind this"]}))
    copies(tiny_run, evaluated, tmp_path / "runs" / "e")
    said = compared(tmp_path / "runs", f"output={tmp_path / 'out'}")
    page = (tmp_path / "out" / "comparison.html").read_text(encoding="utf-8")

    for name in ("a", "c"):
        assert f"{name}: not compared: " in said
        assert f"{name}: not compared: " in page
    assert "each against b:" in said
    assert "\nd: " not in said
    assert "b: mind this" in said
    assert "b: mind this" in page
    assert "n=5" in said


def test_where_no_records_can_be_read_the_table_stays(tiny_run: Run, evaluated: Path, tmp_path: Path) -> None:
    for path in copies(tiny_run, evaluated, tmp_path / "one", tmp_path / "other"):
        (path / "evaluation" / "evaluation.jsonl").unlink()
    said = compared(tmp_path)
    assert "2 runs" in said
    assert "Paired differences" not in said
    assert "one: not compared: " in said
