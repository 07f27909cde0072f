"""Every shipped config file composes and is accepted, and the defaults are the reference recipe."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from medgenius.config import TrainConfig
from medgenius.config.app import config_dir
from tests.support import composed

CHOICES = sorted(
    (file.parent.name, file.stem)
    for file in config_dir().glob("*/*.yaml")
    if file.parent.name not in {"curation", "evaluation", "serving"}  # the groups of other verbs
    and (file.parent.name, file.stem) not in {("data", "rows"), ("data", "base"), ("data", "raw")}
)


@pytest.mark.parametrize(("group", "choice"), CHOICES)
def test_every_choice_of_every_group_is_accepted(group: str, choice: str, tmp_path: Path) -> None:
    file = tmp_path / "dialogues.jsonl"
    file.touch()
    needed = {
        ("data", "jsonl"): [f"data.path={file}"],
        ("data", "hub"): ["data.name=owner/set"],
        ("experiment", "base_vs_tuned"): [f"data.path={file}"],
        ("experiment", "first_learning"): [f"data.path={file}"],
        ("experiment", "rank_lr_epochs"): [f"data.path={file}"],
    }

    config = composed(f"{group}={choice}", *needed.get((group, choice), []))

    assert config.lora.r == 16


def test_hydra_makes_the_folder_of_a_multirun_in_the_home_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    with initialize_config_dir(version_base="1.3", config_dir=str(config_dir())):
        made = compose("train", overrides=["run.root='~/here'"], return_hydra_config=True)

    assert made.hydra.sweep.dir.startswith("/home/someone/here/multirun/")


def test_every_group_of_the_schema_has_files_and_every_folder_is_a_group() -> None:
    groups = {name for name in TrainConfig.model_fields if name != "seed"}

    assert {group for group, _ in CHOICES} - {"experiment"} == groups


@pytest.mark.parametrize("overrides", [[], ["experiment=medgenius"]])
def test_the_defaults_and_the_experiment_hold_the_reference_values(overrides: list[str]) -> None:
    config = composed(*overrides)

    assert (config.lora.r, config.lora.alpha, config.lora.dropout, config.lora.bias) == (16, 32, 0.05, "none")
    assert set(config.lora.target_modules) == {
        "q_proj",
        "k_proj",
        "v_proj",
        "o_proj",
        "gate_proj",
        "up_proj",
        "down_proj",
    }
    assert len(config.lora.target_modules) == 7
    assert (config.optimizer.learning_rate, config.optimizer.weight_decay) == (2e-4, 0.01)
    assert config.trainer.gradient_clip_val == 0.3
    assert (config.scheduler.name, config.scheduler.warmup_ratio) == ("cosine", 0.03)
    assert (config.trainer.batch_size, config.trainer.epochs) == (32, 3)
    assert (config.seed, config.data.max_length) == (42, 2048)
    assert (config.model.quantization, config.model.double_quantization) == ("nf4", True)


def test_the_experiment_trains_llama_3_2_1b() -> None:
    config = composed("experiment=medgenius")

    assert config.model.source == "hub"
    assert config.model.repository == "meta-llama/Llama-3.2-1B"
    assert config.tracking.group == "medgenius"


def test_an_override_wins_over_the_experiment() -> None:
    config = composed("experiment=medgenius", "model=tiny", "lora.r=8", "tracking.group=mine")

    assert (config.model.source, config.lora.r, config.tracking.group) == ("random", 8, "mine")


def test_a_child_file_differs_from_its_parent_only_where_it_says_so() -> None:
    parent, child = composed().optimizer, composed("optimizer=adamw").optimizer

    assert child == parent.model_copy(update={"name": "adamw"})
