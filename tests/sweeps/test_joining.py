"""What a study keeps of the line that made it, and what a later line may say otherwise. Nothing is trained."""

import errno
import fcntl
import hashlib
from pathlib import Path

import optuna
import pytest
from optuna.study import Study
from optuna.trial import TrialState

from medgenius.cli import main
from medgenius.data.sources import SAMPLE
from medgenius.errors import ConfigError, RunError
from medgenius.sweeps.ending import best_trials, command, report_command, say_beginning
from medgenius.sweeps.planning import data_digest
from medgenius.sweeps.reading import read_space
from medgenius.sweeps.report.table import figures, rows
from medgenius.sweeps.storage import open_storage, place_of, quiet_optuna, turn
from medgenius.sweeps.study import Facts, facts_of, open_study
from medgenius.sweeps.tracking import best_of
from tests.sweeps.small import ONLY_RANK, tiny_study, typed

_RANKS = (*ONLY_RANK, "lora.r=choice(2,4,8)")


def joined(root: Path, *arguments: str) -> Study:
    quiet_optuna()
    with typed(*tiny_study(root, *arguments)) as line, turn(line.plan.place):
        return open_study(line.plan, open_storage(line.plan.place))


def known_facts(study: Study) -> Facts:
    facts = facts_of(study)
    assert facts is not None
    return facts


def test_other_bytes_of_data_are_another_study_and_a_moved_file_is_the_same(tmp_path: Path) -> None:
    first, moved, other = (tmp_path / f"{name}.jsonl" for name in ("first", "moved", "other"))
    lines = SAMPLE.read_bytes().splitlines(keepends=True)
    for file, kept in ((first, 40), (moved, 40), (other, 41)):
        file.write_bytes(b"".join(lines[:kept]))

    joined(tmp_path, *_RANKS, "data=jsonl", f"data.path={first}")
    joined(tmp_path, *_RANKS, "data=jsonl", f"data.path={moved}")
    with pytest.raises(ConfigError, match=rf"data\.path={other}: its bytes are others than when the study began"):
        joined(tmp_path, *_RANKS, "data=jsonl", f"data.path={other}")
    first.write_bytes(other.read_bytes())
    with pytest.raises(ConfigError, match=rf"data\.path={first}: its bytes are others"):
        joined(tmp_path, *_RANKS, "data=jsonl", f"data.path={first}")


def test_data_has_bytes_to_compare_where_it_is_a_file_and_not_searched(tmp_path: Path) -> None:
    with typed(*tiny_study(tmp_path, *_RANKS, "data=jsonl", f"data.path={SAMPLE}")) as line:
        plan = line.plan
    assert plan.data == hashlib.sha256(SAMPLE.read_bytes()).hexdigest()
    searched = read_space({"data.path": [str(SAMPLE), "other.jsonl"]}, [], [], {})
    assert data_digest(plan.base, searched) is None
    with typed(*tiny_study(tmp_path, *_RANKS)) as line:
        assert line.plan.data is None


def test_a_grid_is_no_study_of_another_sampler_but_samplers_may_change(tmp_path: Path) -> None:
    joined(tmp_path / "free", *_RANKS)
    joined(tmp_path / "free", *_RANKS, "hydra.sweeper.sampler=random")
    with pytest.raises(ConfigError, match=r"hydra\.sweeper\.sampler=grid: the study has tpe"):
        joined(tmp_path / "free", *_RANKS, "hydra.sweeper.sampler=grid")

    joined(tmp_path / "grid", *_RANKS, "hydra.sweeper.sampler=grid")
    with pytest.raises(ConfigError, match=r"hydra\.sweeper\.sampler=tpe: the study has grid"):
        joined(tmp_path / "grid", *_RANKS)


def test_seed_trials_of_a_later_line_are_tried_too_and_none_twice(tmp_path: Path) -> None:
    joined(tmp_path, *_RANKS, "hydra.sweeper.seed_trials=[{lora.r: 2}]")
    study = joined(tmp_path, *_RANKS, "hydra.sweeper.seed_trials=[{lora.r: 2},{lora.r: 8}]")

    assert [trial.system_attrs["fixed_params"]["lora.r"] for trial in study.trials] == [2, 8]


@pytest.mark.parametrize(("wanted", "told"), [(2, True), (3, False)])
def test_a_grid_that_n_trials_cuts_short_says_so(
    wanted: int, told: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = ("hydra.sweeper.sampler=grid", f"hydra.sweeper.n_trials={wanted}", "hydra.sweeper.seed_trials=[]")
    with typed(*tiny_study(tmp_path, *_RANKS, *grid)) as line:
        say_beginning(line.plan)

    assert ("grid   3 points" in capsys.readouterr().out) == told


def add(study: Study, rank: int, *values: float, state: TrialState = TrialState.COMPLETE) -> None:
    study.add_trial(
        optuna.create_trial(
            state=state,
            values=list(values) or None,
            params={"lora.r": rank},
            distributions={"lora.r": optuna.distributions.CategoricalDistribution((2, 4, 8))},
            user_attrs={"overrides": [f"lora.r={rank}"], "seconds": 61.5, "cost": 0.25},
        )
    )


def test_of_trials_that_are_alike_one_is_the_best(tmp_path: Path) -> None:
    study = joined(tmp_path, *_RANKS, "hydra.sweeper.seed_trials=[]")
    assert best_trials(study) == []
    for rank in (2, 4, 8):
        add(study, rank, 1.5)

    assert best_trials(study) == [study.best_trial]
    found = best_of(study, known_facts(study))
    assert (found["best.trial"], found["best.validation/loss"], found["best.lora.r"]) == (0, 1.5, 2)


def test_wandb_is_given_numbers_and_of_several_metrics_no_best(tmp_path: Path) -> None:
    two = ("hydra.sweeper.metric=[validation/loss,seconds]", "hydra.sweeper.direction=[minimize,minimize]")
    study = joined(tmp_path, *_RANKS, *two, "hydra.sweeper.pruner=none", "hydra.sweeper.seed_trials=[]")
    add(study, 2, 1.5, 60.0)
    add(study, 4, 1.0, 90.0)
    add(study, 8, 2.0, 95.0)
    add(study, 8, state=TrialState.FAIL)
    facts = known_facts(study)

    assert figures(study, facts)[0] == [1, "complete", 1.0, 90.0, 4, 0, 61.5, 0.25, None]
    assert figures(study, facts)[-1] == [3, "fail", None, None, 8, 0, 61.5, 0.25, None]
    assert rows(study, facts)[-1] == ["3", "fail", "–", "–", "8", "0", "1 min 2 s", "0.2500", ""]
    assert best_of(study, facts) == {"pareto.trials": [0, 1]}


def test_the_line_again_begins_as_the_first_one_did(tmp_path: Path) -> None:
    study = joined(tmp_path, *_RANKS, "hydra.sweeper.seed_trials=[]")
    add(study, 4, 1.5)

    assert command(study, study.best_trial).startswith("python train.py model=tiny ")
    assert known_facts(study).start == ["python", "train.py"]


@pytest.mark.parametrize(
    ("name", "word"), [("plain", "study=plain"), ("a,b c", "\"study='a,b c'\""), ("8", "'study='\"'\"'8'\"'\"''")]
)
def test_the_line_for_the_report_is_quoted_where_it_has_to_be(name: str, word: str, tmp_path: Path) -> None:
    with typed(*tiny_study(tmp_path, *_RANKS, f"hydra.sweeper.study_name='{name}'")) as line:
        told = report_command(line.plan)

    assert told.startswith("medgenius report ")
    assert told.removeprefix("medgenius report ").removesuffix(f" root={tmp_path}") in {
        word,
        f"'study='\"'\"'{name}'\"'\"''",
    }


@pytest.mark.parametrize("kind", ["sqlite", "journal"])
def test_the_home_directory_is_meant_by_a_tilde_also_where_the_study_is_opened(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    place = place_of(f"{kind}:///~/study.store", tmp_path)

    assert (place.url, place.file) == (f"{kind}:///{tmp_path}/study.store", tmp_path / "study.store")
    open_storage(place)
    assert (tmp_path / "study.store").exists()


@pytest.mark.parametrize("text", ["plain words\n", '{"a": 1}\n', "[1]\n", "\udcff\n"])
def test_a_file_that_is_no_journal_is_one_line_for_a_study_and_for_its_report(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "study.log"
    file.write_bytes(text.encode(errors="surrogateescape"))
    storage = f"journal:///{file}"

    with pytest.raises(RunError, match=rf"hydra\.sweeper\.storage={storage} can't be opened: it is no journal"):
        joined(tmp_path, *_RANKS, f"hydra.sweeper.storage={storage}")
    monkeypatch.setattr("sys.argv", ["medgenius", "report", "study=default", f"storage={storage}"])
    assert main() == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert said.startswith("error: ")
    assert "it is no journal" in said


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def has_none(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", has_none)
    with pytest.raises(RunError, match=r"study\.db\.turn can't be locked \(No locks available\)"):
        joined(tmp_path, *_RANKS)
