"""Which of a run's processes this is, from what a starter left in the environment."""

import re
from pathlib import Path

import pytest

from medgenius.config.launch import Launch, Place, place_of
from medgenius.errors import ConfigError
from tests.support import composed

_TORCHRUN = {"RANK": "3", "LOCAL_RANK": "1", "WORLD_SIZE": "4", "MASTER_ADDR": "host0"}
_SRUN = {"SLURM_PROCID": "3", "SLURM_LOCALID": "1", "SLURM_STEP_NUM_TASKS": "4"}
_BATCH_SCRIPT = {"SLURM_PROCID": "0", "SLURM_LOCALID": "0", "SLURM_NTASKS": "4"}


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _TORCHRUN.keys() | _SRUN.keys() | _BATCH_SCRIPT.keys():
        monkeypatch.delenv(name, raising=False)


def _place(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], *overrides: str) -> Place | None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return place_of(composed(*overrides).trainer, Launch())


@pytest.mark.parametrize("environment", [_TORCHRUN, _SRUN])
def test_torchrun_and_srun_give_each_process_its_place(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _place(monkeypatch, environment, "trainer=ddp", "trainer.nodes=2") == Place(3, 1, 4)


@pytest.mark.parametrize("environment", [{}, _BATCH_SCRIPT])
def test_without_them_one_process_is_alone_and_several_are_still_to_be_started(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _place(monkeypatch, environment) == Place(0, 0, 1)
    assert _place(monkeypatch, environment, "trainer=ddp") is None


@pytest.mark.parametrize("overrides", [(), ("trainer=ddp",)])
@pytest.mark.parametrize(("environment", "starter"), [(_TORCHRUN, "torchrun"), (_SRUN, "srun")])
def test_another_number_of_processes_than_asked_for_is_refused(
    overrides: tuple[str, ...], environment: dict[str, str], starter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match=f"{starter} started 4 processes, and trainer.devices="):
        _place(monkeypatch, environment, *overrides)


def test_a_multirun_under_torchrun_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _TORCHRUN.items():
        monkeypatch.setenv(name, value)
    config = composed("trainer=ddp", "trainer.devices=4").trainer
    with pytest.raises(ConfigError, match=re.escape("-m under torchrun")):
        place_of(config, Launch(sweep_dir=Path("runs")))
