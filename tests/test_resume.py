"""Which config holds for a run that goes on, and which differences are refused."""

from pathlib import Path

import pytest

from medgenius.config.launch import Launch
from medgenius.config.train import TrainConfig
from medgenius.errors import ConfigError, RunError
from medgenius.files import Json, write_json
from medgenius.resume import MAY_CHANGE, chosen_run, config_of, flat, has_finished
from medgenius.runs import Run, create_run, write_config
from tests.support import composed

_LINE = ("model=tiny", "lora.r=4", "trainer.epochs=5", "tracking=off")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Holds a run called `first`, begun with the line above."""
    config = composed(*_LINE, f"run.root={tmp_path}", "run.name=first")
    write_config(create_run(config.run, Launch(_LINE)), config)
    return tmp_path


def opened(root: Path, *overrides: str) -> tuple[dict[str, Json], Run]:
    line = (*overrides, f"run.root={root}")
    config, run = opened_as(composed(*line), Launch(line))
    return flat(config), run


def opened_as(config: TrainConfig, launch: Launch) -> tuple[TrainConfig, Run]:
    """As the command line opens it."""
    run = chosen_run(config, launch)
    return (config_of(run, config, launch), run) if run else (config, create_run(config.run, launch))


def test_a_directory_goes_on_with_its_own_config(root: Path) -> None:
    config, run = opened(root, f"run.resume={root}/first")

    assert run.path == (root / "first").resolve()
    assert (config["model.name"], config["lora.r"], config["trainer.epochs"]) == ("tiny-random-llama", 4, 5)


def test_the_same_line_goes_on_with_the_run_of_its_name_and_else_begins_it(root: Path) -> None:
    for name, existed in (("first", True), ("second", False)):
        config, run = opened(root, *_LINE, f"run.name={name}", "run.resume=auto")

        assert run.path == (root / name).resolve()
        assert run.config.exists() == existed
        assert config["lora.r"] == 4


def test_a_run_that_ended_before_it_wrote_its_config_begins_in_its_directory(root: Path) -> None:
    (root / "second").mkdir()
    (root / "second/lock").touch()
    (root / "second/.config.yaml.17").touch()  # killed while it was written

    assert opened(root, *_LINE, "run.name=second", "run.resume=auto")[1].path == (root / "second").resolve()


@pytest.mark.parametrize("how", ["auto", "directory"])
def test_a_line_that_says_otherwise_is_refused_with_each_key(root: Path, how: str) -> None:
    changed = ("lora.r=8", "trainer.epochs=2", "seed=7", "trainer.checkpoint_every=1h")
    by_name = (*_LINE[:1], "tracking=off", *changed, "run.name=first", "run.resume=auto")
    line = by_name if how == "auto" else (*changed, f"run.resume={root}/first")

    with pytest.raises(ConfigError) as refused:
        opened(root, *line)

    lines = str(refused.value).splitlines()
    assert [text.split(",")[0] for text in lines] == [
        "lora.r=8: the run has 4",
        "trainer.epochs=2: the run has 5",
        "seed=7: the run has 42",
    ]


def test_a_group_or_an_experiment_that_says_otherwise_is_refused(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"model\.name=SmolLM2-135M-Instruct: the run has tiny-random-llama"):
        opened(root, "model=smollm2_135m", f"run.resume={root}/first")
    with pytest.raises(ConfigError, match=r"lora\.r=16: the run has 4"):
        opened(root, "experiment=medgenius", "model=tiny", f"run.resume={root}/first")
    with pytest.raises(ConfigError, match=r"lora\.r=16: the run has 4"):  # a default that was named
        opened(root, "lora.r=16", f"run.resume={root}/first")


def test_what_changes_no_byte_of_the_result_may_change(root: Path) -> None:
    config, _ = opened(
        root,
        f"run.resume={root}/first",
        "trainer.checkpoint_every=10min",
        "trainer.keep_checkpoints=7",
        "trainer.tokens_per_pass=64",
        "run.cost_per_hour=2.5",
        "tracking=offline",
    )

    assert config["trainer.checkpoint_every"] == "10min"
    assert (config["trainer.keep_checkpoints"], config["trainer.tokens_per_pass"]) == (7, 64)
    assert (config["run.cost_per_hour"], config["tracking.mode"], config["lora.r"]) == (2.5, "offline", 4)


def test_every_key_that_may_change_exists() -> None:
    keys = flat(composed("data=jsonl", f"data.path={__file__}"))

    assert all(any(key == free or key.startswith(f"{free}.") for key in keys) for free in MAY_CHANGE)


def test_what_is_no_run_is_refused(root: Path) -> None:
    (root / "notes").mkdir()
    (root / "notes/text").touch()
    for start in (("run.resume={}/text",), ("run.root={}", "run.name=text", "run.resume=auto")):
        words = tuple(word.format(root / "notes") for word in start)
        with pytest.raises(RunError, match=r"notes/text is no run directory: it has no config\.yaml"):
            opened_as(composed(*words), Launch(words))
    for line in ((f"run.resume={root}/notes",), ("run.name=notes", "run.resume=auto"), (f"run.resume={root}/absent",)):
        with pytest.raises(RunError, match=r"is no run directory: it has no config\.yaml"):
            opened(root, *line)


def test_auto_needs_the_name_that_it_looks_for() -> None:
    with pytest.raises(ConfigError, match=r"^run\.resume=auto needs run\.name"):
        composed("run.resume=auto")


def test_jobs_of_a_named_multirun_each_find_their_own(tmp_path: Path) -> None:
    line = (*_LINE, f"run.root={tmp_path}", "run.name=study", "run.resume=auto")
    now = tmp_path / "now"
    jobs = [Launch((*line, f"lora.dropout={rate}"), sweep_dir=now, job_number=i) for i, rate in enumerate((0, 0.5))]
    for job in jobs:
        config = composed(*line)
        _, run = opened_as(config, job)
        write_config(run, config)
        assert opened_as(config, job)[1].path == run.path
    with pytest.raises(ConfigError, match="leave -m away"):
        opened_as(composed(f"run.resume='{run.path}'"), Launch((), sweep_dir=now, job_number=0))


@pytest.mark.parametrize(
    ("there", "instead", "why"),
    [
        ("  canaries: 0\n", "", "it has no data.canaries"),  # written before there were any
        ("  canaries: 0\n", "  canaries: 0\n  later: 1\n", "data.later is not known here"),
        ("source: sample", "source: web", "data.source: input should be one of 'sample', 'file', 'hub'"),
    ],
)
def test_a_config_of_another_version_is_refused_with_what_differs(
    root: Path, there: str, instead: str, why: str
) -> None:
    config = root / "first/config.yaml"
    assert there in config.read_text()
    config.write_text(config.read_text().replace(there, instead, 1))

    with pytest.raises(RunError) as refused:
        opened(root, f"run.resume={root}/first")

    advice = "use the version that made the run, or run it anew"
    assert str(refused.value) == f"{config.resolve()} is of another version of MedGenius ({why}): {advice}"


def test_a_run_has_finished_when_its_summary_says_so(root: Path) -> None:
    _, run = opened(root, f"run.resume={root}/first")
    assert not has_finished(run)
    for status, finished in (("interrupted", False), ("failed", False), ("finished", True)):
        write_json(run.summary, {"status": status})
        assert has_finished(run) == finished
