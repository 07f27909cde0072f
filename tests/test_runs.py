"""Run directories: how they are called, and that a file in them is whole or absent."""

import json
import re
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from pydantic import ValidationError

from medgenius.config.app import config_dir
from medgenius.config.launch import Launch
from medgenius.config.run import RunConfig
from medgenius.config.train import TrainConfig
from medgenius.config.validate import to_config
from medgenius.errors import RunError
from medgenius.files import new_directory, write_json, write_jsonl, write_text
from medgenius.runs import Run, create_run, read_config, write_config
from tests.support import composed


def run_config(root: Path, name: str | None = None) -> RunConfig:
    return RunConfig(
        root=str(root), name=name, resume=None, cache_dir=str(root / "cache"), cost_per_hour=0.1, currency="USD"
    )


@pytest.mark.parametrize(
    ("overrides", "title"),
    [
        ((), "defaults"),
        (("lora.r=64",), "lora.r=64"),
        (("lora.r=64", "trainer.epochs=5"), "lora.r=64,trainer.epochs=5"),
        (("model=tiny", "run.root=/tmp/x", "tracking=off", "tracking.mode=off", "+run.x=1"), "model=tiny"),
        (("run.name=mine", "tracking=off"), "defaults"),
        (("data=jsonl", "data.path=/home/me/my file.jsonl"), "data=jsonl,data.path=-home-me-my-file.jsonl"),
    ],
)
def test_a_title_is_the_overrides_that_tell_runs_apart(overrides: tuple[str, ...], title: str) -> None:
    assert Launch(overrides).title == title


def test_a_run_without_name_is_called_by_time_and_overrides(tmp_path: Path) -> None:
    run = create_run(run_config(tmp_path / "runs"), Launch(("lora.r=64", "run.root=x")))

    assert run.path.is_dir()
    assert run.path.parent == (tmp_path / "runs").resolve()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_lora\.r=64", run.path.name)
    assert run.title == "lora.r=64"


def test_runs_that_start_at_once_get_directories_of_their_own(tmp_path: Path) -> None:
    runs = [create_run(run_config(tmp_path), Launch()) for _ in range(5)]

    assert len({run.path for run in runs}) == 5


class StoppedClock(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "StoppedClock":  # noqa: ARG003
        return cls(2026, 1, 2, 3, 4, 5)


def test_where_the_clock_is_set_back_a_name_is_not_given_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medgenius.runs.datetime", StoppedClock)
    names = [create_run(run_config(tmp_path), Launch()).path.name for _ in range(3)]

    assert names == [f"2026-01-02_03-04-05_defaults{again}" for again in ("", "-2", "-3")]


def test_a_named_run_is_called_by_its_name(tmp_path: Path) -> None:
    run = create_run(run_config(tmp_path, "mine"), Launch(("lora.r=64",)))

    assert (run.path, run.title) == (tmp_path.resolve() / "mine", "mine")


def test_a_taken_name_is_refused_and_what_is_there_stays(tmp_path: Path) -> None:
    first = create_run(run_config(tmp_path, "mine"), Launch())
    write_text(first.metrics, "kept")

    with pytest.raises(RunError, match=r"mine exists already: go on with it \(run\.resume=auto\), choose another"):
        create_run(run_config(tmp_path, "mine"), Launch())

    assert first.metrics.read_text(encoding="utf-8") == "kept"


def test_a_root_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()

    with pytest.raises(RunError, match="cannot be made"):
        create_run(run_config(tmp_path / "runs", "mine"), Launch())


def test_very_many_overrides_still_make_a_directory(tmp_path: Path) -> None:
    overrides = tuple(f"data.columns.input=column_{i}" for i in range(100))

    assert create_run(run_config(tmp_path), Launch(overrides)).path.is_dir()


def test_a_title_of_long_letters_still_makes_a_directory(tmp_path: Path) -> None:
    """A file system counts bytes, and these have three each."""
    launch = Launch((f"data.default_instruction={'请准确而友善地回答' * 20}",))

    assert create_run(run_config(tmp_path), launch).path.is_dir()


def test_jobs_of_a_multirun_lie_side_by_side_and_begin_with_their_number(tmp_path: Path) -> None:
    sweep = tmp_path / "multirun" / "now"
    paths = [
        create_run(run_config(tmp_path), Launch((f"lora.r={r}",), sweep_dir=sweep, job_number=job)).path
        for job, r in enumerate((8, 16))
    ]

    assert paths == [sweep.resolve() / "0_lora.r=8", sweep.resolve() / "1_lora.r=16"]


def test_a_named_multirun_is_a_folder_of_that_name(tmp_path: Path) -> None:
    launch = Launch(("lora.r=8", "run.name=study"), sweep_dir=tmp_path / "multirun" / "now", job_number=3)

    run = create_run(run_config(tmp_path, "study"), launch)

    assert run.path == tmp_path.resolve() / "study" / "3_lora.r=8"
    assert run.title == "lora.r=8"  # in W&B as well, where all would be called by the name


def test_the_written_config_is_the_config_that_ran(tmp_path: Path) -> None:
    with initialize_config_dir(version_base="1.3", config_dir=str(config_dir())):
        config = to_config(compose(config_name="train", overrides=["model=tiny", "lora.r=8"]), TrainConfig)
    run = Run(tmp_path, "mine")

    write_config(run, config)

    assert TrainConfig.model_validate(OmegaConf.to_container(OmegaConf.load(run.config))) == config


@cache
def tiny_config() -> TrainConfig:
    return composed("model=tiny")


_ODD = [
    "${",
    "${a}",
    "1e3",
    "1_000",
    "yes",
    "null",
    "~",
    "2026-01-01",
    "0x1F",
    "012",
    "a: b",
    "- x",
    "=",
    "???",
    "\x85",
    "|",
]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=20) | st.sampled_from(_ODD) | st.lists(st.sampled_from(_ODD), max_size=3).map("".join))
def test_any_words_in_a_config_are_read_back_or_refused(text: str, tmp_path: Path) -> None:
    values = tiny_config().model_dump()
    values["prompt"]["turn_end"], values["tracking"]["tags"] = text, [text[:64] or "-"]
    if "${" in text or "\x85" in text:
        with pytest.raises(ValidationError, match=r"which a run's config\.yaml can't keep"):
            TrainConfig.model_validate(values)
        return
    config = TrainConfig.model_validate(values)
    run = Run(tmp_path, "mine")

    write_config(run, config)

    assert read_config(run) == config


def test_json_is_written_as_readable_utf_8(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"loss": 0.5, "text": "痛い"})
    write_jsonl(tmp_path / "a.jsonl", [{"text": "one\ntwo"}, {"text": "痛い"}])

    assert json.loads((tmp_path / "a.json").read_bytes()) == {"loss": 0.5, "text": "痛い"}
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["one\ntwo", "痛い"]
    assert "痛い" in lines[1]


def test_what_json_has_no_number_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"loss": float("nan")})

    assert list(tmp_path.iterdir()) == []


def test_a_written_file_replaces_the_old_one_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old " * 1000)
    write_text(tmp_path / "a.txt", "new")

    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "new"


def test_a_write_that_fails_keeps_the_old_file(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")

    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "a.txt", "x" * 100_000 + "\ud800")

    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "old"


def test_a_new_directory_appears_whole_and_only_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "adapter"

    with new_directory(target) as folder:
        (folder / "inner").mkdir()
        (folder / "inner" / "weights").write_bytes(b"123")
        assert not target.exists()

    assert (target / "inner" / "weights").read_bytes() == b"123"
    assert list(target.parent.iterdir()) == [target]


def test_a_new_directory_needs_no_look_at_what_is_above_an_old_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On many machines nobody may list `/home`."""
    (tmp_path / "home/me").mkdir(parents=True)
    synced: list[Path] = []
    monkeypatch.setattr("medgenius.files.sync", synced.append)

    with new_directory(tmp_path / "home/me/published") as folder:
        (folder / "weights").write_bytes(b"123")

    assert tmp_path / "home/me" in synced
    assert tmp_path / "home" not in synced


def test_a_new_directory_replaces_the_old_one_whole(tmp_path: Path) -> None:
    for name in ("old", "new"):
        with new_directory(tmp_path / "adapter") as folder:
            (folder / name).touch()

    assert [file.name for file in (tmp_path / "adapter").iterdir()] == ["new"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_new_directory_that_fails_is_discarded_and_the_old_one_stays(
    failure: type[BaseException], tmp_path: Path
) -> None:
    with new_directory(tmp_path / "adapter") as folder:
        (folder / "old").touch()

    def break_off() -> None:
        with new_directory(tmp_path / "adapter") as folder:
            (folder / "half").touch()
            raise failure

    with pytest.raises(failure):
        break_off()

    assert [file.name for file in tmp_path.iterdir()] == ["adapter"]
    assert [file.name for file in (tmp_path / "adapter").iterdir()] == ["old"]
