"""What a run held out, told from what lies where its rows were."""

import json
from pathlib import Path

import pytest

from medgenius.config.app import composed as composed_for
from medgenius.config.evaluate import EvaluateConfig
from medgenius.data.prompt import Prompt
from medgenius.errors import RunError
from medgenius.evaluation.held_out import dialogue_items, own_split, refuse_other_rows
from medgenius.model.backbone import load_tokenizer
from medgenius.runs import Run, read_config
from tests.processes import train
from tests.support import cache_dir

_PARTS = ("train", "train", "train", "validation", "test")


def written(path: Path, answer: str) -> None:
    rows = (
        {"input": f"What helps against ailment {i}?", "output": f"{answer} {i}.", "split": _PARTS[i % 5]}
        for i in range(40)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path, str]:
    """A run on a file that brings its split, the file, and what was printed."""
    folder = tmp_path_factory.mktemp("split")
    rows = folder / "rows.jsonl"
    written(rows, "Rest, number")
    line = [
        *(
            "model=tiny",
            "data=jsonl",
            f"data.path={rows}",
            "data.canaries=2",
            "trainer.max_steps=1",
            "trainer.compile=false",
        ),
        *("tracking=off", f"run.root={folder}", "run.name=one"),
    ]
    done = train(*line)
    assert done.returncode == 0, done.stderr
    return Run(folder / "one", "one"), rows, done.stdout


def prompt_of(run: Run) -> Prompt:
    config = read_config(run)
    return Prompt(config.prompt, load_tokenizer(config.model, cache_dir()))


def test_rows_marked_test_are_left_for_the_evaluation(trained: tuple[Run, Path, str]) -> None:
    run, rows, said = trained
    written(rows, "Rest, number")
    config, prompt = read_config(run), prompt_of(run)
    own = own_split(config)

    assert "26 dialogues for training, 2 of them canaries, 8 for validation; 8 are left for testing" in said
    assert [len(side) for side in (own.train, own.validation, own.test)] == [26, 8, 8]
    refuse_other_rows(run, config, own, prompt)
    settings = composed_for(EvaluateConfig, f"run.path={run.path}").evaluation
    items, source = dialogue_items(settings, config, own, prompt, 0)
    assert source == "8 dialogues that the run held out of rows.jsonl, its test split"
    assert {item.dialogue for item in items} == set(own.test)


def test_other_rows_in_the_same_place_are_refused(trained: tuple[Run, Path, str]) -> None:
    run, rows, _ = trained
    written(rows, "Tea, number")
    config = read_config(run)

    with pytest.raises(RunError, match=r"rows\.jsonl holds other dialogues than when .*one was trained"):
        refuse_other_rows(run, config, own_split(config), prompt_of(run))


def test_a_run_that_does_not_say_what_it_was_trained_on_is_refused(
    trained: tuple[Run, Path, str], tmp_path: Path
) -> None:
    run, rows, _ = trained
    written(rows, "Rest, number")
    config = read_config(run)

    for text in ("", "[]", "{}"):
        (tmp_path / "start.json").write_text(text)
        with pytest.raises(RunError, match=r"start\.json can't be read"):
            refuse_other_rows(Run(tmp_path, "two"), config, own_split(config), prompt_of(run))
