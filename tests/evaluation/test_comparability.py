"""What of two evaluations is named beside their differences."""

import json
from pathlib import Path

from medgenius.evaluation.comparability import Apart, made_otherwise, other_tokens
from medgenius.files import Json
from medgenius.runs import Run


def header(system: str, retrieved: int) -> dict[str, Json]:
    return {"settings": {"system": system, "retrieved": retrieved}}


def test_another_number_of_retrieved_dialogues_is_named_where_they_are_shown() -> None:
    assert list(made_otherwise(header("rag", 3), header("rag", 1), {}, {})) == ["evaluation.retrieved is 1, not 3"]
    assert list(made_otherwise(header("model", 3), header("model", 1), {}, {})) == []


def test_another_prompt_is_named_by_its_keys() -> None:
    same = header("model", 3)
    settings: dict[str, Json] = {"prompt.user": "{text}", "prompt.system": "s", "lora.r": 4}

    assert list(made_otherwise(same, same, settings, {**settings, "lora.r": 8})) == []
    assert list(made_otherwise(same, same, settings, {**settings, "prompt.user": "Q: {text}"})) == [
        "each is asked in its own words, which differ: prompt.user"
    ]


def test_only_measures_that_both_have_are_named() -> None:
    apart = Apart("why", frozenset({"loss", "perplexity", "choices_ece", "choices_confidence", "judge_score"}))

    assert apart.measures({"loss", "choices_confidence", "rougeL"}) == ["loss", "perplexity", "choices_ece"]
    assert apart.measures({"rougeL"}) == []


def run_with(folder: Path, tokenizer: dict[str, Json] | None) -> Run:
    run = Run(folder, folder.name)
    run.adapter.mkdir(parents=True)
    if tokenizer is not None:
        (run.adapter / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    return run


def test_what_is_counted_in_tokens_is_no_pair_under_another_tokenizer(tmp_path: Path) -> None:
    one = run_with(tmp_path / "one", {"model": {"vocab": {"a": 0}}, "padding": None})
    used = run_with(tmp_path / "used", {"model": {"vocab": {"a": 0}}, "padding": {"length": 9}})
    other = run_with(tmp_path / "other", {"model": {"vocab": {"b": 0}}, "padding": None})
    unknown = run_with(tmp_path / "unknown", None)
    measured = {"loss", "answer_tokens", "answer_words", "training_span", "rougeL"}

    assert other_tokens(one, used) is None
    apart = other_tokens(one, other)
    assert apart is not None
    assert apart.why == "the tokenizer is another"
    assert apart.measures(measured) == ["loss", "perplexity", "training_span", "answer_tokens"]
    not_known = other_tokens(one, unknown)
    assert not_known is not None
    assert not_known.why == "a tokenizer.json beside their adapters can't be read"
