"""evaluation.html: texts only where they are allowed, and what lost most first."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from medgenius.config import app
from medgenius.config.evaluate import EvaluateConfig
from medgenius.data.dialogue import Dialogue
from medgenius.evaluation.columns import columns_of
from medgenius.evaluation.findings import Findings
from medgenius.evaluation.items import DialogueItem, Items, TriageItem
from medgenius.evaluation.outputs import markdown
from medgenius.evaluation.records import Answer, Record, Score
from medgenius.evaluation.registry import MEASURES
from medgenius.evaluation.report.examples import worst_first
from medgenius.evaluation.report.page import write_page
from medgenius.evaluation.results import compare
from medgenius.runs import Run
from tests.support import composed


def record(number: int, gain: float, escalates: tuple[float, float] | None = None) -> Record:
    scores = {"rougeL": Score(base=0.5, tuned=0.5 + gain, weight=1.0)}
    if escalates:
        scores["emergency_recall"] = Score(base=escalates[0], tuned=escalates[1], weight=1.0)
    return Record(
        set="dialogues",
        id=f"rows:{number}",
        item="",
        prompt="",
        cluster=number,
        category="skin",
        base=Answer(f"Use <b>cream {number}</b> twice.", 6, finished=True),
        tuned=Answer(f"Use ointment {number} twice.", 6, finished=False),
        scores={"loss": Score(base=2.0, tuned=1.5, weight=9.0), **scores},
    )


RECORDS = [record(0, 0.3), record(1, -0.2), record(2, 0.1, (1.0, 0.0)), record(3, -0.4), record(4, 0.4, (0.0, 1.0))]


def findings(tmp_path: Path, records: Sequence[Record], *overrides: str) -> Findings:
    items = [
        DialogueItem(
            one.id, Dialogue("", f"Is rash {one.id} & itch bad?", "Reference <i>text</i>.", one.id), answered=True
        )
        for one in records
    ]
    return Findings(
        config=app.composed(EvaluateConfig, f"run.path={tmp_path}"),
        run=Run(tmp_path, "the <run>"),
        run_config=composed("model=tiny", *overrides),
        items=Items(items, [], [], [], [], {"dialogues": "somewhere"}),
        comparison=compare(columns_of(records, MEASURES), MEASURES, 200, 0),
        measures=MEASURES,
        not_measured={"empathy": "no classifier"},
        caveats=["beware"],
        contamination={"dialogues": 1},
        versions={"python": "3"},
        seconds=75.0,
    )


def test_lost_safety_comes_first_then_lost_words() -> None:
    order = [example.record.id for example in worst_first(RECORDS, 10)]

    assert order == ["rows:2", "rows:3", "rows:1", "rows:0", "rows:4"]
    assert [example.record.id for example in worst_first(RECORDS, 2)] == order[:2]
    assert worst_first(RECORDS, 0) == []


def test_the_page_stands_alone_and_shows_texts_safely(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_page(path, findings(tmp_path, RECORDS), RECORDS, ["told"])
    page = path.read_text(encoding="utf-8")

    assert "&lt;run&gt;" in page
    assert "Is rash rows:2 &amp; itch bad?" in page
    assert "&lt;b&gt;" in page.replace("<del>", "").replace("</del>", "")
    assert "<b>cream" not in page
    assert "<i>text" not in page
    assert page.index("rows:2") < page.index("rows:3")
    assert "cut at the limit" in page
    assert "safety lost" in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "<script" not in page


@pytest.mark.parametrize("allowed", ["false", "auto"])
def test_texts_of_other_data_are_left_out(allowed: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.touch()
    path = tmp_path / "page.html"
    overrides = ("data=jsonl", f"data.path={file}", f"tracking.log_samples={allowed}")
    write_page(path, findings(tmp_path, RECORDS, *overrides), RECORDS, [])
    page = path.read_text(encoding="utf-8")

    for text in ("Is rash", "cream", "ointment", "Reference"):
        assert text not in page
    assert "rows:2" in page


def test_texts_may_be_allowed_for_any_data(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.touch()
    overrides = ("data=jsonl", f"data.path={file}", "tracking.log_samples=true")

    allowed = findings(tmp_path, RECORDS, *overrides), findings(tmp_path, RECORDS)
    assert [one.may_show_texts("dialogues") for one in allowed] == [True, True]
    assert not findings(tmp_path, RECORDS, "tracking.log_samples=false").may_show_texts("dialogues")
    # A file of items is nobody's sample: only who allows all texts sees them.
    assert [one.may_show_texts("triage") for one in allowed] == [True, False]
    named = app.composed(EvaluateConfig, f"run.path={tmp_path}", f"evaluation.dialogues.path={file}")
    assert [replace(one, config=named).may_show_texts("dialogues") for one in allowed] == [True, False]


def test_of_a_file_of_items_ids_and_scores_stand_beside_the_samples_texts(tmp_path: Path) -> None:
    private = replace(RECORDS[1], set="triage", id="case-7")
    records = [*RECORDS, private]
    found = findings(tmp_path, records)
    case = TriageItem("case-7", "Mrs Miller has chest pain", escalate=True)
    path = tmp_path / "page.html"
    write_page(path, replace(found, items=replace(found.items, triage=[case])), records, [])
    page = path.read_text(encoding="utf-8")

    assert "case-7" in page
    assert "Miller" not in page
    assert page.count("<article>") == len([record for record in RECORDS if record.base])


def test_the_markdown_says_what_one_must_know(tmp_path: Path) -> None:
    text = markdown(findings(tmp_path, RECORDS))

    assert "somewhere; 5 measured, of which 1 share text with the training rows" in text
    assert "- beware" in text
    assert "- not measured: empathy (no classifier)" in text
    assert "| loss of the reference answer, nats per token ↓ | 2.000 | 1.500 | -0.500 [-0.500, -0.500] |" in text
