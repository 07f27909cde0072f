"""The command in the card composes to the config of the run."""

import shlex

import pytest

from medgenius.config.train import TrainConfig
from medgenius.publishing.command import overrides, training_command
from tests.support import composed


def told(config: TrainConfig) -> dict[str, object]:
    return {name: value for name, value in config.model_dump().items() if name not in {"run", "tracking"}}


@pytest.mark.parametrize(
    ("line", "shortest"),
    [
        ([], []),
        (["model=tiny", "lora.r=8", "seed=7"], ["model=tiny", "lora.r=8", "seed=7"]),
        (["experiment=medgenius", "run.name=x"], ["model=llama3_2_1b"]),
        (["prompt=chatml", "lora.target_modules=[q_proj,v_proj]"], None),
        (
            [
                "data=hub",
                "data.name=owner/set",
                "data.subset=null",
                "data.max_rows=9",
                "trainer=ddp",
                "trainer.devices=2",
            ],
            None,
        ),
        (["prompt.user='Q: it\\'s \\'{text}\\' = 1, [2]\n'", "data.default_instruction='null'"], None),
        (["prompt.turn_end='back\\slash\\\\'", "model.name='1e3'", "trainer.checkpoint_every=10min"], None),
        (
            ["optimizer=adamw", "optimizer.learning_rate=1e-5", "data.on_bad_row=skip", "model.cache_dequantized=true"],
            None,
        ),
    ],
)
def test_it_composes_to_the_same_config(line: list[str], shortest: list[str] | None) -> None:
    config = composed(*line)
    found = overrides(config)
    assert told(composed(*found)) == told(config)
    if shortest is not None:
        assert sorted(found) == sorted(shortest)
    assert shlex.split(training_command(config)) == ["python", "train.py", *found]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (("model=llama3_2_1b", "model.repository=/gone/alice/llama"), "model.repository=llama"),
        (("model=llama3_2_1b", "model.repository=owner/llama"), "model.repository=owner/llama"),
        (("data=hub", "data.name=/gone/alice/patients_2024"), "data.name=patients_2024"),
        (("data=hub", "data.name=owner/set"), "data.name=owner/set"),
    ],
)
def test_of_a_path_only_the_name_is_told(line: tuple[str, ...], told: str) -> None:
    """Also of a folder that is gone."""
    command = training_command(composed(*line))
    assert told in shlex.split(command)
    assert "alice" not in command
