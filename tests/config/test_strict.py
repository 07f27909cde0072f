"""The command line as a person meets it: real processes of `python train.py`, each refused in one line."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from medgenius.config.app import composed
from medgenius.config.publish import PublishConfig
from medgenius.config.train import TrainConfig
from medgenius.errors import ConfigError

REPOSITORY = Path(__file__).parents[2]


def train(*overrides: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "train.py", *overrides],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


REFUSED = [
    ("lora.rank=64", "did you mean lora.r?"),
    ("+lora.rank=64", "did you mean lora.r?"),
    ("++lora.rank=64", "did you mean lora.r?"),
    ("optimizer.lr=1", "did you mean optimizer.learning_rate?"),
    ("lr=1", "did you mean optimizer.learning_rate?"),
    ("+zzzzqqqq=1", "unknown key zzzzqqqq"),
    ("lora.r=a", "lora.r=a"),
    ("lora.r=0", "lora.r=0"),
    ("lora.r=1.5", "lora.r=1.5"),
    ("lora.r=null", "lora.r="),
    ("~lora.r", "lora.r is missing"),
    ("lora.r=8,16", "lora.r=8,16"),
    ("lora.r=[1", "lora.r=[1"),
    ("lora.target_modules=[foo]", "lora.target_modules"),
    ("optimizer.learning_rate=-1", "optimizer.learning_rate=-1"),
    ("optimizer.learning_rate=nan", "optimizer.learning_rate=nan"),
    ("scheduler.warmup_ratio=2", "scheduler.warmup_ratio=2"),
    ("model=tiny model.heads=3", "model.heads=3"),
    ("trainer.tokens_per_pass=2", "trainer.tokens_per_pass"),
    ("trainer.tokens_per_pass=many", "trainer.tokens_per_pass"),
    ("lora=9", "Config group override"),
    ("run.name=${oc.env:NOT_THERE}", "run.name"),
    ("data=jsonl", "data.path"),
    ("data=jsonl data.path=/nope.jsonl", "data.path=/nope.jsonl"),
    ("data.source=nope", "data.source=nope: input should be one of 'sample', 'file', 'hub'"),
    ("experiment=typo", "medgenius"),
    ("model=typo", "smollm2_135m"),
    ("lora=typo", "default"),
    ("run.name=a/b", "run.name=a/b"),
    ("trainer.devices=2", "trainer.devices=2 needs trainer=ddp"),
    ("trainer.gpus=2", "did you mean trainer.devices?"),
    ("trainer=ddp trainer.batch_size=1", "trainer.batch_size=1"),
    ("trainer=ddp trainer.nodes=2", "trainer.nodes=2: start the processes with torchrun or srun"),
    ("trainer=fsdp trainer.devices=1", "trainer.devices=1"),
    ("trainer=fsdp model.cache_dequantized=true", "model.cache_dequantized=true"),
]


@pytest.mark.parametrize(("overrides", "named"), REFUSED)
def test_a_wrong_override_is_refused_in_one_line_that_names_the_key(overrides: str, named: str, tmp_path: Path) -> None:
    started = time.monotonic()
    answer = train(*overrides.split(), f"run.root={tmp_path}/runs")
    seconds = time.monotonic() - started

    assert answer.returncode == 2
    assert len(answer.stderr.splitlines()) == 1
    assert answer.stderr.startswith("error: ")
    assert named in answer.stderr
    assert answer.stdout == ""
    assert seconds < 5
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("overrides", ["lora.r=8,0", "lora.r=0,8", "model=tiny model.heads=4,3"])
def test_a_multirun_with_one_wrong_job_is_refused_before_any_job(overrides: str, tmp_path: Path) -> None:
    answer = train("-m", *overrides.split(), f"run.root={tmp_path}/runs")

    assert answer.returncode == 2
    assert len(answer.stderr.splitlines()) == 1
    assert answer.stderr.startswith("error: ")
    assert overrides.rsplit(maxsplit=1)[-1].partition("=")[0] in answer.stderr
    assert not (tmp_path / "runs").exists()


def test_a_refusal_imports_nothing_heavy() -> None:
    answer = train("lora.rank=64", PYTHONPROFILEIMPORTTIME="1")

    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in answer.stderr.splitlines() if "|" in line}
    assert answer.returncode == 2
    assert "pydantic" in imported
    assert not imported & {"torch", "transformers", "peft", "pytorch_lightning", "bitsandbytes", "datasets", "wandb"}


def test_cfg_job_prints_the_composed_config_and_trains_nothing(tmp_path: Path) -> None:
    answer = train("--cfg", "job", "optimizer=adamw", f"run.root={tmp_path}/runs")

    printed = OmegaConf.create(answer.stdout)
    assert answer.returncode == 0
    assert "  r: 16\n" in answer.stdout
    assert OmegaConf.select(printed, "optimizer.name") == "adamw"
    assert not (tmp_path / "runs").exists()


def test_what_stands_in_the_place_of_a_group_is_no_line_for_each_of_its_keys() -> None:
    with pytest.raises(ConfigError) as refused:
        composed(PublishConfig, "run.path=one", "output=two", "publish=${oc.create:nope}")
    lines = str(refused.value).splitlines()

    assert lines[0].startswith("publish lacks formats, gguf_types, base, ")
    assert lines[1:] == ["unknown key publish.nope"]


@pytest.mark.parametrize(
    ("override", "key"),
    [
        *((f"tracking.project='a{sign}b'", "tracking.project") for sign in "/#?%:"),
        (f"tracking.project={'x' * 129}", "tracking.project"),
        ("tracking.tags=[one,'']", "tracking.tags.1"),
        (f"tracking.tags=[{'x' * 65}]", "tracking.tags.0"),
    ],
)
def test_what_wandb_would_not_take_is_refused_before_anything_is_loaded(override: str, key: str) -> None:
    with pytest.raises(ConfigError, match=f"^{key}="):
        composed(TrainConfig, override)
