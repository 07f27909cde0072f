"""The step: all texts of a row at once, with its changes counted."""

import pickle
from dataclasses import replace

from medgenius.config.curation.deidentify import DeidentifyConfig
from medgenius.curation.row import Change, Row
from medgenius.curation.steps.deidentify import Deidentify

STEP = Deidentify(DeidentifyConfig(style="placeholder", caution="balanced"))
ROW = Row(
    key="raw.jsonl:7",
    instruction="Answer.",
    input="My name is Anneliese Kraus, DOB 03/04/1961. I have Crohn's disease.",
    output="hello anneliese, please rest. Call 0161 496 0123.",
)


def test_a_name_of_the_question_is_known_in_the_answer() -> None:
    [row] = STEP([ROW])

    assert isinstance(row, Row)
    assert row.input == "My name is [PERSON], DOB [DATE_OF_BIRTH]. I have Crohn's disease."
    assert row.output == "hello [PERSON], please rest. Call [PHONE]."


def test_changes_count_the_values_of_each_text() -> None:
    [row] = STEP([ROW])

    assert isinstance(row, Row)
    assert row.changes == (
        Change("deidentify", "input", "DATE_OF_BIRTH", 1),
        Change("deidentify", "input", "PERSON", 1),
        Change("deidentify", "output", "PERSON", 1),
        Change("deidentify", "output", "PHONE", 1),
    )


def test_rows_keep_their_order_and_a_clean_one_is_the_same_object() -> None:
    clean = replace(ROW, key="raw.jsonl:8", input="Is Bell's palsy permanent?", output="Seldom.")

    first, second = STEP([clean, ROW])

    assert first is clean
    assert isinstance(second, Row)
    assert second.key == ROW.key


def test_the_step_on_its_own_result_changes_nothing() -> None:
    for style in ("placeholder", "surrogate"):
        step = Deidentify(DeidentifyConfig(style=style, caution="high"))
        once = [row for row in step([ROW]) if isinstance(row, Row)]

        assert step(once) == once


def test_the_step_travels_to_other_processes() -> None:
    assert pickle.loads(pickle.dumps(STEP))([ROW]) == STEP([ROW])
