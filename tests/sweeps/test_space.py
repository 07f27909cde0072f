"""The search space as people write it: what is accepted, and the one line for what is not."""

from pathlib import Path

import pytest

from medgenius.cli import train_main
from medgenius.errors import ConfigError, RunError
from medgenius.sweeps.choosing import distribution_of
from medgenius.sweeps.ending import say_beginning
from medgenius.sweeps.space import Choice, Numbers, Parameter
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
    ],
)
def test_each_way_to_write_a_range_gives_its_values(written: str, values: list[int]) -> None:
    assert parameters("model=tiny", written)["lora.r"].points() == values


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
    (["lora.r=choice(8,8)"], "twice"),
    (["lora.r=choice(8,big)"], "lora.r=big"),
    (["lora.r=choice(8,0)"], "lora.r=0"),
    (["trainer.epochs=interval(1,5)"], "int(interval("),
    (["hydra.sweeper.space.lora.r=8"], "lora.r"),
    (["hydra.sweeper.space.run.cost_per_hour=[1.0,2.0]"], "run.cost_per_hour"),
    (["hydra.sweeper.metric=validation/los"], "did you mean validation/loss?"),
    (["hydra.sweeper.metric=model"], "is no number"),
    (["hydra.sweeper.metric=seconds"], "pruner=median needs a metric of each validation"),
    (["hydra.sweeper.metric=[validation/loss,cost]"], "hydra.sweeper.direction has 1 entries"),
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
