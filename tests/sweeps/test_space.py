"""The search space as people write it: what is accepted, and the one line for what is not."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hypothesis import example, given
from hypothesis import strategies as st

from medgenius.cli import train_main
from medgenius.config.app import config_dir
from medgenius.config.arguments import in_sweep_words
from medgenius.errors import ConfigError, RunError
from medgenius.sweeps.choosing import distribution_of
from medgenius.sweeps.ending import say_beginning
from medgenius.sweeps.planning import read_settings
from medgenius.sweeps.reading import read_space
from medgenius.sweeps.space import Choice, Numbers, Parameter
from medgenius.sweeps.study import seed_points
from tests.sweeps.small import ONLY_RANK, typed

LR = "optimizer.learning_rate"


def parameters(*arguments: str) -> dict[str, Parameter]:
    with typed(*arguments) as line:
        return {parameter.key: parameter for parameter in line.plan.space.parameters}


def test_the_default_study_searches_rank_learning_rate_and_epochs() -> None:
    found = parameters("model=tiny")

    assert list(found["lora.r"].points()) == [4, 8, 16, 32, 64]
    assert found[LR].values == Numbers(1e-5, 2e-3, None, log=True, whole=False)
    assert found["trainer.epochs"].values == Numbers(1, 5, None, log=False, whole=True)
    assert len(found) == 3


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("lora.r=choice(8,16)", [8, 16]),
        ("lora.r=8,16", [8, 16]),
        ("hydra.sweeper.space.lora.r=[8,16]", [8, 16]),
        (r"hydra.sweeper.space.lora\.r=[8,16]", [8, 16]),
        ("hydra.sweeper.space.lora.r=choice(8,16)", [8, 16]),
        ("lora.r=range(8,11)", [8, 9, 10]),
        ("lora.r=range(8,33,8)", [8, 16, 24, 32]),
        ("lora.r=int(interval(8,10))", [8, 9, 10]),
        (f"{LR}=range(0.1,0.5,0.1)", [0.1, 0.2, 0.3, 0.4]),
        (f"{LR}=range(0.4,0.0,-0.1)", [0.1, 0.2, 0.3, 0.4]),
        (f"{LR}=range(0.3,0.9,0.3)", [0.3, 0.6]),
    ],
)
def test_each_way_to_write_a_range_gives_its_values(written: str, values: list[float]) -> None:
    key = LR if written.startswith(LR) else "lora.r"
    assert parameters("model=tiny", written)[key].points() == values


@pytest.mark.parametrize("written", ["tag(log, interval(1e-4,1e-3))", "log(interval(1e-4, 1e-3))"])
def test_a_logarithmic_interval(written: str) -> None:
    assert parameters("model=tiny", f"{LR}={written}")[LR].values == Numbers(1e-4, 1e-3, None, log=True, whole=False)


def test_what_the_line_fixes_is_not_searched() -> None:
    assert set(parameters("model=tiny", "trainer.epochs=1")) == {"lora.r", LR}


def test_a_new_key_needs_no_plus_and_null_takes_one_out() -> None:
    found = parameters("model=tiny", *ONLY_RANK, "hydra.sweeper.space.lora.dropout=[0.0,0.1]")

    assert set(found) == {"lora.r", "lora.dropout"}


def test_words_lists_and_groups_can_be_searched() -> None:
    found = parameters("scheduler=constant,cosine", "model=tiny", "lora.target_modules=[q_proj],[q_proj,v_proj]")

    assert found["scheduler"].override("cosine") == "scheduler=cosine"
    assert found["lora.target_modules"].override("[q_proj,v_proj]") == "lora.target_modules=[q_proj,v_proj]"


TEMPLATES = ["Answer briefly: {text}", "### Task: {text}", "Use log(odds): {text}", "a, b: {text}", "it's {text}"]


def test_quoted_words_stay_the_texts_that_they_are() -> None:
    words = ", ".join('"' + template + '"' for template in TEMPLATES)
    with typed("model=tiny", f"prompt.system=choice({words})") as line:
        (prompt,) = (parameter for parameter in line.plan.space.parameters if parameter.key == "prompt.system")
        assert prompt.corners() == TEMPLATES
        for template in TEMPLATES:
            assert line.compose([*line.plan.overrides, prompt.override(template)]).prompt.system == template


@pytest.mark.parametrize(
    "written",
    [
        "lora.target_modules=[q_proj],[q_proj,v_proj]",
        "hydra.sweeper.space.lora.target_modules=[[q_proj],[q_proj,v_proj]]",
        "lora.target_modules=choice(['q_proj'],['q_proj','v_proj'])",
    ],
)
def test_a_seed_trial_can_name_a_list_however_it_was_written(written: str) -> None:
    seed = "hydra.sweeper.seed_trials=[{lora.target_modules: [q_proj, v_proj]}]"
    with typed("model=tiny", *ONLY_RANK, "lora.r=8", written, seed) as line:
        assert seed_points(line.plan) == ([{"lora.target_modules": "[q_proj,v_proj]"}], [])


def test_the_config_itself_is_tried_where_a_group_is_searched() -> None:
    with typed("model=tiny", *ONLY_RANK, "lora.r=8", "scheduler=constant,cosine") as line:
        assert seed_points(line.plan) == ([{"scheduler": "cosine"}], [])


def test_what_is_typed_wins_over_a_dotted_key_of_a_file(tmp_path: Path) -> None:
    experiment = tmp_path / "experiment" / "dotted.yaml"
    experiment.parent.mkdir()
    experiment.write_text(
        "# @package _global_\nhydra:\n  sweeper:\n    space: {lora.r: 'choice(2,4)', lora.dropout: 'choice(0.0,0.1)'}\n"
    )
    files = ["hydra/sweeper=optuna", f"hydra.searchpath=[file://{tmp_path}]", "experiment=dotted"]

    def found(*typed: str) -> dict[str, str]:
        with initialize_config_dir(version_base="1.3", config_dir=str(config_dir())):
            composed = compose("train", overrides=[*files, *map(in_sweep_words, typed)], return_hydra_config=True)
        return read_space(read_settings(composed).space, composed.hydra.overrides.hydra, [], {}).written()

    assert found()["lora.r"] == "choice(2,4)"
    assert found("hydra.sweeper.space.lora.r=[8]")["lora.r"] == "choice(8)"
    assert found("hydra.sweeper.space.lora={r: [8]}")["lora.r"] == "choice(8)"
    assert found("hydra.sweeper.space.lora={r: [8]}")["lora.dropout"] == "choice(0.0,0.1)"
    assert "lora.r" not in found("hydra.sweeper.space.lora.r=null")
    assert "lora.r" not in found("~hydra.sweeper.space.lora.r")
    assert "lora.r" not in found("hydra.sweeper.space.lora.r=[8]", "~hydra.sweeper.space.lora.r")
    assert found("hydra.sweeper.space={lora: {r: [8]}}")["lora.r"] == "choice(8)"
    assert found("hydra.sweeper.space={lora.r: [8]}")["lora.r"] == "choice(8)"


NUMBERS = st.integers(-3, 40) | st.floats(-3, 40).map(lambda value: round(value, 2))


@given(
    word=st.sampled_from(["range", "interval"]),
    numbers=st.lists(NUMBERS, min_size=2, max_size=3),
    around=st.sampled_from(["{}", "log({})", "int({})", "float({})", "log(int({}))", "int(log({}))", "shuffle({})"]),
)
@example("interval", [0.2, 9.9], "log(int({}))")
@example("range", [1, 9, 2], "log({})")
@example("range", [-1.38, 0], "{}")
def test_whatever_is_accepted_a_sampler_can_draw(word: str, numbers: list[float], around: str) -> None:
    ends = numbers[:2] if word == "interval" else numbers
    try:
        space = read_space({LR: around.format(f"{word}({', '.join(map(str, ends))})")}, [], [], {})
    except ConfigError:
        return
    (parameter,) = space.parameters
    distribution = distribution_of(parameter)
    for corner in parameter.corners():
        assert distribution._contains(distribution.to_internal_repr(corner))


def test_a_conditional_key_comes_after_what_it_asks_for() -> None:
    when = "hydra.sweeper.space.lora.dropout={values: 'interval(0.0,0.2)', when: {lora.r: [32, 64]}}"
    found = parameters("model=tiny", when)
    dropout = found["lora.dropout"]

    assert list(found).index("lora.dropout") > list(found).index("lora.r")
    assert dropout.is_active({"lora.r": 32})
    assert not dropout.is_active({"lora.r": 8})
    assert not dropout.is_active({})


@pytest.mark.parametrize("written", ["lora.r=choice(4,8)", "lora.r=range(4,9,2)", f"{LR}=log(interval(1e-5,1e-3))"])
def test_every_corner_lies_in_the_distribution(written: str) -> None:
    key = written.partition("=")[0]
    parameter = parameters("model=tiny", written)[key]

    assert isinstance(parameter.values, Choice | Numbers)
    for corner in parameter.corners():
        assert parameter.holds(corner)
        assert distribution_of(parameter)._contains(distribution_of(parameter).to_internal_repr(corner))


REFUSED = [
    (["hydra.sweeper.space.lora.rank=[8,16]"], "did you mean lora.r?"),
    (["hydra.sweeper.space.nonsense=[8,16]"], "unknown key nonsense"),
    (["lora.r=choice()"], "the choice is empty"),
    (["hydra.sweeper.space.lora.r=[]"], "the choice is empty"),
    (["lora.r=range(9,3)"], "the range is empty"),
    ([f"{LR}=interval(2e-3,1e-5)"], "low end 0.002 is above its high end 1e-05"),
    ([f"{LR}=interval(1e-3,1e-3)"], "the interval is empty"),
    ([f"{LR}=log(interval(0.0,1e-3))"], "begins above 0"),
    ([f"{LR}=interval(1e-5,inf)"], "finite"),
    (["lora.r=range(1,9,0)"], "step is not 0"),
    (["lora.r=log(range(2,9,2))"], "a logarithmic scale has no steps"),
    ([f"{LR}=log(range(1e-4,1e-3,1e-4))"], "a logarithmic scale has no steps"),
    (["trainer.epochs=log(range(0,9))"], "begin at 1 or above"),
    (["trainer.epochs=int(log(interval(0.5,9)))"], "begin at 1 or above"),
    (["trainer.epochs=int(interval(1.2,1.9))"], "empty but for 1"),
    (["lora=8,16"], "lora is a group of keys; name one of them, as in lora.r=…"),
    (["lora=range(8,16)"], "name one of them, as in lora.r=…"),
    (["lora.r=choice(8,8)"], "twice"),
    (["lora.r=choice(8,8.0)"], "8.0 stands there twice, first as 8"),
    (["lora.r=choice(true,1)"], "1 stands there twice, first as true"),
    (["lora.r=log(choice(4,8))"], "log means nothing around choice(…)"),
    (["lora.r=tag(cold,range(4,8))"], "cold means nothing around range(…)"),
    (["lora.r=int(log(range(4,8)))"], "a cast of a range forgets its scale"),
    (["lora.r=range(1,1000000000000)", "hydra.sweeper.sampler=grid", *ONLY_RANK], "a grid of 999,999,999,999 points"),
    (["lora.r=choice(8,big)"], "lora.r=big"),
    (["lora.r=choice(8,0)"], "lora.r=0"),
    (["trainer.epochs=interval(1,5)"], "int(interval("),
    (["hydra.sweeper.space.lora.r=8"], "lora.r"),
    (["hydra.sweeper.space.run.cost_per_hour=[1.0,2.0]"], "run.cost_per_hour"),
    (["hydra.sweeper.metric=validation/los"], "did you mean validation/loss?"),
    (["hydra.sweeper.metric=model"], "is no number"),
    (["hydra.sweeper.metric=seconds"], "pruner=median needs a metric of each validation"),
    (["hydra.sweeper.metric=[validation/loss,cost]"], "hydra.sweeper.direction has 1 entries"),
    (
        [
            "hydra.sweeper.metric=[validation/loss,cost]",
            "hydra.sweeper.direction=[minimize,minimize]",
            "hydra.sweeper.pruner=none",
            "hydra.sweeper.sampler=cmaes",
        ],
        "hydra.sweeper.sampler=cmaes searches by one metric",
    ),
    (["hydra.sweep.dir=elsewhere"], "hydra.sweep.dir=elsewhere: a study lies in <run.root>/studies/<study_name>"),
    (["hydra.sweep.subdir=elsewhere"], "set run.root and hydra.sweeper.study_name"),
    (["hydra.sweeper.workers=2"], "add hydra/launcher=joblib"),
    (["hydra.sweeper.direction=down"], "hydra.sweeper.direction=down"),
    (["hydra.sweeper.n_trials=0"], "hydra.sweeper.n_trials=0"),
    (["+hydra.sweeper.trails=3"], "unknown key hydra.sweeper.trails: did you mean hydra.sweeper.n_trials?"),
    (["hydra.sweeper.sampler=best"], "hydra.sweeper.sampler=best"),
    (["hydra.sweeper.storage=redis://localhost"], "postgresql://"),
    (["hydra.sweeper.storage=sqlite://"], "hydra.sweeper.storage"),
    (["hydra.sweeper.study_name=a/b"], "hydra.sweeper.study_name=a/b"),
    (["hydra.sweeper.sampler=grid"], "not an interval"),
    (["hydra.sweeper.seed_trials=[{lora.r: 7}]"], "lora.r=7: lies outside the space"),
    (["hydra.sweeper.seed_trials=[{lora.alpha: 7}]"], "lora.alpha is not searched"),
    (["hydra.sweeper.space.lora.dropout={values: [0.0,0.1], when: {lora.rr: 8}}"], "did you mean lora.r?"),
    (["hydra.sweeper.space.lora.dropout={values: [0.0,0.1], when: {lora.r: 7}}"], "never has this value"),
    (["hydra.sweeper.space.lora.dropout={values: [0.0,0.1], whenn: {lora.r: 8}}"], "unknown key whenn"),
    (["run.name=mine"], "hydra.sweeper.study_name"),
    (["trainer=ddp", "trainer.devices=2"], "a trial is one process"),
    (["optimizer.lr=3"], "did you mean optimizer.learning_rate?"),
]


@pytest.mark.parametrize(("arguments", "told"), REFUSED, ids=[" ".join(line) for line, _ in REFUSED])
def test_a_mistake_is_one_line_before_the_first_trial(arguments: list[str], told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refusal, typed("model=tiny", f"run.root={tmp_path}/runs", *arguments):
        pass

    assert told in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_a_sweeper_that_is_typed_without_m_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["train.py", "hydra/sweeper=optuna", "model=tiny"])

    assert train_main() == 2
    assert capsys.readouterr().err == "error: hydra/sweeper=optuna needs -m: python train.py -m hydra/sweeper=optuna\n"


def test_an_experiments_file_brings_a_study(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.touch()
    with typed("experiment=rank_lr_epochs", f"data.path={rows}", "hydra.sweeper.n_trials=3") as line:
        plan = line.plan

    assert (plan.config.study_name, plan.config.n_trials, plan.config.pruner) == ("rank_lr_epochs", 3, "halving")
    assert plan.overrides == ("experiment=rank_lr_epochs", f"data.path={rows}")
    assert [parameter.key for parameter in plan.space.parameters] == ["lora.r", LR, "trainer.epochs"]


def test_a_storage_that_does_not_answer_is_one_line_without_its_password(tmp_path: Path) -> None:
    nowhere = "hydra.sweeper.storage=postgresql://me:hidden@127.0.0.1:1/studies"
    with typed("model=tiny", f"run.root={tmp_path}", nowhere) as line, pytest.raises(RunError) as refusal:
        say_beginning(line.plan)

    said = str(refusal.value)
    assert "postgresql://me:***@127.0.0.1:1/studies can't be opened" in said
    assert len(said.splitlines()) == 1
    assert "hidden" not in said
