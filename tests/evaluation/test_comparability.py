"""What of two evaluations is named beside their differences."""

from medgenius.evaluation.comparability import Apart, made_otherwise
from medgenius.runs import Json


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
