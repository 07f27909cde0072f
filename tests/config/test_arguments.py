"""What people type, in Hydra's grammar."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hypothesis import example, given
from hypothesis import strategies as st

from medgenius.config.app import start_words
from medgenius.config.arguments import in_hydras_grammar, quoted, readable, with_log
from medgenius.config.curate import CurateConfig
from medgenius.config.train import TrainConfig

TEXTS = st.text(
    st.characters(exclude_characters="\n\r", exclude_categories=["C", "Z"]) | st.sampled_from("'\"\\ ,[]{}(")
)


def read(value: str) -> object:
    return OverridesParser.create().parse_override(f"key={value}").value()


@given(TEXTS.filter(lambda text: "$" not in text))
@example("it's")
@example("ends in a \\")
@example("C:\\'")
@example("a,b c")
@example("8")
@example("null")
def test_a_text_is_read_back_as_it_was(text: str) -> None:
    assert read(quoted(text)) == text
    assert read(readable(text)) == text
    assert read(f"[{readable(text)},x]") == [text, "x"]


@pytest.mark.parametrize("text", ["default", "sqlite:////tmp/study.db", "runs/first", "a b"])
def test_quotes_are_not_spent_where_none_are_needed(text: str) -> None:
    assert readable(text) == text


@pytest.mark.parametrize("name", ["/home/o'brien/runs/first", "runs/lora.r=64,seed=1", "C:\\'", "runs/ends in \\"])
def test_a_directory_may_have_any_name(name: str) -> None:
    key, _, value = in_hydras_grammar(f"run.resume={name}", TrainConfig).partition("=")

    assert (key, read(value)) == ("run.resume", name)


@given(TEXTS.filter(lambda text: text[:1] not in ("", "'", '"') and "$" not in text))
@example("~/rows.jsonl")
@example("/home/josé/rows=1 (new).jsonl")
def test_a_path_is_read_as_typed_or_as_hydra_reads_it(path: str) -> None:
    word = in_hydras_grammar(f"data.path={path}", TrainConfig)
    try:
        wanted = read(path)
    except HydraException:
        wanted = path

    assert repr(read(word.partition("=")[2])) == repr(wanted)  # Hydra's sweeps have no equality


@pytest.mark.parametrize("word", ["data.path=a.jsonl,b.jsonl", "run.resume=null", "data.path='~/a'", "data.path="])
def test_a_word_of_hydra_stays_one(word: str) -> None:
    assert in_hydras_grammar(word, TrainConfig) == word


@pytest.mark.parametrize("key", ["run.root", "model.repository", "data.path", "run.cache_dir"])
def test_a_home_directory_needs_no_quotes(key: str) -> None:
    assert in_hydras_grammar(f"{key}=~/here", TrainConfig) == f"{key}='~/here'"


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("log(interval(1e-5,2e-3))", "tag(log,interval(1e-5,2e-3))"),
        ("log(int(interval(4,64)))", "tag(log,int(interval(4,64)))"),
        ("int(log(interval(4,64)))", "int(tag(log,interval(4,64)))"),
        ("Use log(odds): {text}", "Use log(odds): {text}"),
        ("'log(odds): {text}'", "'log(odds): {text}'"),
        ("choice('log(a)','log(b)')", "choice('log(a)','log(b)')"),
        ("log(odds) of {text}", "log(odds) of {text}"),
    ],
)
def test_log_is_a_word_of_a_space_only_as_a_whole_value(typed: str, value: str) -> None:
    assert with_log(typed) == value
    for schema in (TrainConfig, CurateConfig):
        assert in_hydras_grammar(f"some.key={typed}", schema) == f"some.key={value}"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["train.py", "lora.r=8"], ["python", "train.py"]),
        (["/usr/bin/medgenius", "-m", "lora.r=8"], ["medgenius", "train"]),
        (
            ["/usr/bin/medgenius", "-m", "--config-dir=my conf", "-cn", "train", "lora.r=8"],
            ["medgenius", "train", "--config-name", "train", "--config-dir", "my conf"],
        ),
        (["train.py", "-cp", "/etc/conf"], ["python", "train.py", "--config-path", "/etc/conf"]),
    ],
)
def test_the_words_that_start_a_run_are_those_that_were_typed(
    argv: list[str], words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", argv)

    assert start_words() == words
