"""Values that make no sense, settings that would do nothing, and what a refusal says of a mapping or a flag."""

import sys
from pathlib import Path

import pytest
from hydra.errors import HydraException

from medgenius.config.app import composed, translated
from medgenius.config.curate import CurateConfig
from medgenius.config.evaluate import EvaluateConfig
from medgenius.config.fields import Root
from medgenius.config.serve import ServeConfig
from medgenius.config.train import TrainConfig
from medgenius.errors import ConfigError


@pytest.fixture
def run(tmp_path: Path) -> str:
    """What the verbs of a run look for before they begin."""
    (tmp_path / "config.yaml").touch()
    return f"run.path={tmp_path}"


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ("lora.r=65537", "lora.r=65537"),
        ("lora.alpha=100000000000000000000", "lora.alpha=1"),
        ("trainer.epochs=10000000000000000000000000", "trainer.epochs=1"),
        ("optimizer.learning_rate=1e300", "optimizer.learning_rate=1e+300"),
        ("optimizer.weight_decay=2", "optimizer.weight_decay=2"),
        ("optimizer.eps=2", "optimizer.eps=2"),
        ("model=tiny model.name=../../elsewhere", "model.name=../../elsewhere: must be a plain folder name"),
        ("model=llama3_2_1b model.name=", "model.name="),
        ("model=llama3_2_1b model.revision=", "model.revision="),
        ("data.columns.output=input", "data.columns.input=input is data.columns.output"),
        ("data.columns.instruction=output", "data.columns.instruction=output is data.columns.output"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_its_key(overrides: str, says: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        composed(TrainConfig, *overrides.split())
    (line,) = str(refusal.value).splitlines()
    assert line.startswith(says)


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ("model.quantization=none model.double_quantization=false", "needs model.quantization=nf4"),
        ("model=llama3_2_1b_bnb4 model.double_quantization=false", "needs model.quantization=nf4"),
        ("model.quantization=none model.cache_dequantized=true", "needs 4-bit weights"),
    ],
)
def test_what_would_do_nothing_in_a_training_is_refused(overrides: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        composed(TrainConfig, *overrides.split())


def test_what_would_do_nothing_in_another_verb_is_refused(run: str) -> None:
    server = ("serving/engine=vllm", "serving.engine.url=http://host:8000")
    with pytest.raises(ConfigError, match=r"^serving\.engine\.arguments are for a server that is started here"):
        composed(ServeConfig, run, *server, "serving.engine.arguments=['--dtype=half']")
    with pytest.raises(ConfigError, match=r"^evaluation\.choices\.form=letters needs evaluation\.choices\.path$"):
        composed(EvaluateConfig, run, "evaluation.choices.form=letters")
    sets = ("curation.decontaminate.sets=[items.jsonl]", "curation.steps=[repair]")
    with pytest.raises(ConfigError, match=r"^curation\.decontaminate\.sets needs decontaminate among curation\.steps$"):
        composed(CurateConfig, "data.path=rows.jsonl", "output=clean", *sets)


@pytest.mark.parametrize("url", ["http://host:99999", "http://:80", "http:///v1"])
def test_an_endpoint_without_a_host_or_with_a_port_that_is_none_is_refused(url: str, run: str) -> None:
    with pytest.raises(ConfigError, match=r"^evaluation\.judge\.endpoint=http"):
        composed(EvaluateConfig, run, f"evaluation.judge.endpoint='{url}'")


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        ("curation.split.test_fraction=0.5 curation.split.validation_fraction=0.5", "curation.split.test_fraction=0.5"),
        (
            "curation.quality.weights={accuracy:0,caution:0,empathy:0,disclaimer:0,structure:0}",
            "curation.quality.weights",
        ),
    ],
)
def test_a_rule_over_several_keys_names_them_whole(overrides: str, named: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        composed(CurateConfig, "data.path=rows.jsonl", "output=clean", *overrides.split())
    assert named in str(refusal.value)


@pytest.mark.parametrize(
    ("schema", "override", "says"),
    [
        (
            TrainConfig,
            "data.columns={question:a}",
            "unknown key data.columns.question: did you mean data.columns.input?",
        ),
        (
            ServeConfig,
            "serving.adapters={second:runs/b}",
            "serving.adapters.second is a new name there: write +serving",
        ),
        (ServeConfig, "serving.adapters.second=runs/b", "serving.adapters.second is a new name there: write +serving"),
        (ServeConfig, "serving.engine.gguf=x", "serving.engine.gguf has no meaning for the chosen serving/engine"),
        (TrainConfig, "hydra.sweeper.n_trials=3", "hydra.sweeper.n_trials has no meaning for the chosen hydra/sweeper"),
    ],
)
def test_a_key_that_is_not_there_is_told_from_one_that_is_another_choices(
    schema: type[Root], override: str, says: str, run: str
) -> None:
    with pytest.raises(HydraException) as found:
        composed(schema, *((run,) if schema is ServeConfig else ()), override)
    assert str(translated(found.value, schema)).startswith(says)


def test_a_mistake_among_the_flags_is_no_overrides_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py", "-m", "--cfg", "job", "lora.r=1,2"])
    error = ValueError("Only one of --run, --multirun, --cfg, --info and --shell_completion can be specified")

    assert str(translated(error, TrainConfig)) == str(error)
