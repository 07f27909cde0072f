"""The page and the table of a study, made of trials whose values are known."""

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from medgenius.cli import main
from medgenius.sweeps.ending import command
from medgenius.sweeps.report.figures import figures, heat_map
from medgenius.sweeps.report.page import page
from medgenius.sweeps.report.table import table_text
from medgenius.sweeps.storage import open_storage, quiet_optuna, turn
from medgenius.sweeps.study import Facts, facts_of, open_study
from tests.sweeps.small import tiny_study, typed

RANKS = (4, 8, 16, 32, 64)


def made_study(root: Path, *arguments: str, values: int = 1) -> tuple[optuna.Study, Facts]:
    """Twenty trials: the loss is lowest at rank 16 and 3e-4; every fifth was pruned, the last one failed."""
    quiet_optuna()
    with typed(*tiny_study(root, *arguments)) as line:
        plan = line.plan
        with turn(plan.place):
            study = open_study(plan, open_storage(plan.place))
    study.ask()  # the seed trial, which is still running
    distributions = {
        "lora.r": optuna.distributions.CategoricalDistribution(RANKS),
        "optimizer.learning_rate": optuna.distributions.FloatDistribution(1e-5, 2e-3, log=True),
        "trainer.epochs": optuna.distributions.IntDistribution(1, 5),
    }
    for i in range(20):
        rank, rate, epochs = RANKS[i % 5], 1e-5 * 1.3 ** (i % 20), 1 + i % 5
        loss = 3 + abs(rank - 16) / 100 + abs(rate - 3e-4) * 100
        state = TrialState.FAIL if i == 19 else TrialState.PRUNED if i % 5 == 4 else TrialState.COMPLETE
        chosen = {"lora.r": rank, "optimizer.learning_rate": rate, "trainer.epochs": epochs}
        told = [loss, float(rank)][:values]
        attributes = {
            "overrides": [f"{key}={value!r}" for key, value in chosen.items()],
            "run_directory": str(root / f"{i}"),
            **({"error": "the loss became <nan>"} if i == 19 else {"seconds": 60.0, "cost": 0.01}),
        }
        study.add_trial(
            optuna.create_trial(
                state=state,
                values=told if state == TrialState.COMPLETE else None,
                value=loss if state == TrialState.PRUNED and values == 1 else None,
                params=chosen,
                distributions=distributions,
                user_attrs=attributes,
                intermediate_values={step: loss + 1 / step for step in range(1, 1 + epochs)} if values == 1 else None,
            )
        )
    facts = facts_of(study)
    assert facts is not None
    return study, facts


def test_the_page_holds_every_picture_and_asks_for_nothing_outside_of_it(tmp_path: Path) -> None:
    study, facts = made_study(tmp_path)
    text = page(study, facts)

    wanted = [
        "History",
        "Importance",
        "Slices",
        "Parallel coordinates",
        "Rank × learning rate",
        "Validation curves",
        "Cost",
    ]
    headings = re.findall(r"<h2>([^<]+)</h2>", text)
    for title in wanted:
        assert any(heading.startswith(title) for heading in headings), title
    assert text.count("Plotly.newPlot(") >= len(wanted)
    own = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert not re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?\s*(?:https?:)?//""", own)
    assert not re.findall(r"<script[^>]+src", text)
    assert "the loss became &lt;nan&gt;" in text


def test_the_best_trial_comes_first_with_the_line_that_trains_it_again(tmp_path: Path) -> None:
    study, facts = made_study(tmp_path)
    best = study.best_trial
    assert best.params["lora.r"] == 16

    lines = table_text(study, facts).splitlines()
    first = lines.index(next(line for line in lines if line.startswith("| ---"))) + 1
    cells = [cell.strip() for cell in lines[first].strip("|").split("|")]
    assert cells[:2] == [str(best.number), "complete"]
    assert cells[3:6] == ["16", f"{best.params['optimizer.learning_rate']:.4g}", str(best.params["trainer.epochs"])]
    states = [line.split("|")[2].strip() for line in lines[first:]]
    assert states == ["complete"] * 16 + ["pruned"] * 3 + ["fail", "running"]

    words = shlex.split(command(study, best))
    assert f"    {command(study, best)}" in lines
    assert words[:2] == ["python", "train.py"]
    with typed(*words[2:], "hydra.sweeper.space.seed=[1,2]") as line:
        config = line.compose(words[2:])
    assert (config.lora.r, config.optimizer.learning_rate) == (16, best.params["optimizer.learning_rate"])


def test_a_cell_of_the_heat_map_is_the_best_complete_trial_in_it(tmp_path: Path) -> None:
    study, facts = made_study(tmp_path)
    figure = heat_map(study, facts)
    assert figure is not None
    (drawn,) = figure.data

    complete = [trial for trial in study.trials if trial.state == TrialState.COMPLETE]
    for trial in complete:
        row = list(drawn.y).index(f"r = {trial.params['lora.r']}")
        rate = trial.params["optimizer.learning_rate"]
        (column,) = (i for i, name in enumerate(drawn.x) if within(rate, name))
        assert drawn.z[row][column] <= trial.value
    shown = [value for row in drawn.z for value in row if value is not None]
    assert min(shown) == study.best_value
    assert sum(int(text.partition("n=")[2]) for row in drawn.text for text in row if text) == len(complete)


def within(rate: float, name: str) -> bool:
    low, high = (float(end) for end in name.split(" – "))
    return low * 0.97 <= rate < high * 1.03 and abs(rate / (low * high) ** 0.5 - 1) < 0.33


def test_several_metrics_have_a_pareto_front(tmp_path: Path) -> None:
    two = ("hydra.sweeper.metric=[validation/loss,trainable_parameters]", "hydra.sweeper.pruner=none")
    study, facts = made_study(tmp_path, *two, "hydra.sweeper.direction=[minimize,minimize]", values=2)

    titles = [title for title, _ in figures(study, facts)]
    assert titles[0] == "Pareto front"
    assert "History: trainable_parameters" in titles
    assert "<h2>Pareto set</h2>" in page(study, facts)
    assert len(study.best_trials) > 1


@pytest.mark.slow
def test_optuna_dashboard_shows_the_same_storage(tmp_path: Path) -> None:
    pytest.importorskip("optuna_dashboard", reason="optuna-dashboard is not installed")
    study, _ = made_study(tmp_path)
    program, port = Path(sys.executable).with_name("optuna-dashboard"), str(20000 + os.getpid() % 20000)
    url = f"sqlite:///{tmp_path}/studies/default/study.db"
    server = subprocess.Popen([program, url, "--port", port], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        (shown,) = answer(f"http://127.0.0.1:{port}/api/studies")["study_summaries"]
        trials = answer(f"http://127.0.0.1:{port}/api/studies/{shown['study_id']}")["trials"]
    finally:
        server.terminate()
        server.wait()
    assert shown["study_name"] == "default"
    assert [trial["state"].upper() for trial in trials] == [trial.state.name for trial in study.trials]


def answer(address: str) -> dict[str, Any]:
    """Of a server that may still be starting."""
    for _ in range(100):
        with contextlib.suppress(urllib.error.URLError), urllib.request.urlopen(address, timeout=30) as reply:
            found: dict[str, Any] = json.load(reply)
            return found
        time.sleep(0.5)
    raise AssertionError(f"{address} does not answer")


def test_the_verb_writes_both_files_and_names_the_studies_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made_study(tmp_path)
    folder = tmp_path / "studies" / "default"

    monkeypatch.setattr("sys.argv", ["medgenius", "report", "study=default", f"root={tmp_path}"])
    assert main() == 0
    assert (folder / "report.html").is_file()
    assert (folder / "report.md").read_text().startswith("# Study default")

    monkeypatch.setattr("sys.argv", ["medgenius", "report", "study=defualt", f"root={tmp_path}"])
    assert main() == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "there are: default" in said
