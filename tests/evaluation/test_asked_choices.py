"""Multiple choice as lm-evaluation-harness words and tokenises it, and canaries as they are ranked."""

from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerBase

from medgenius.config.app import composed as composed_for
from medgenius.config.compare import with_runs_named
from medgenius.config.evaluate import EvaluateConfig
from medgenius.data.canaries import canaries
from medgenius.evaluation.choices import choice_item, choice_scores, context_of, in_writing, unconditional_item
from medgenius.evaluation.held_out import canary_items
from medgenius.evaluation.items import ChoiceQuestion
from medgenius.model.backbone import load_tokenizer
from tests.support import cache_dir, composed

QUESTION = ChoiceQuestion("q", "Is it so?", "It was seen.\nTwice.", ("yes", "no", "maybe so"), 1)


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerBase:
    return load_tokenizer(composed("model=tiny").model, cache_dir())


def test_the_words_are_those_of_the_harness() -> None:
    """Its tasks pubmedqa (text) and medmcqa (letters), as of 0.4."""
    assert context_of(QUESTION, "text") == "Abstract: It was seen.\nTwice.\nQuestion: Is it so?\nAnswer:"
    plain = ChoiceQuestion("q", "Which?", "", ("one", "two"), 0)
    assert context_of(plain, "letters") == "Question: Which?\nChoices:\nA. one\nB. two\nAnswer:"


def test_what_is_asked_in_writing_has_its_context() -> None:
    assert in_writing(QUESTION) == "It was seen.\nTwice.\nIs it so?\nA. yes\nB. no\nC. maybe so\n"
    assert in_writing(ChoiceQuestion("q", "Which?", "", ("one", "two"), 0)) == "Which?\nA. one\nB. two\n"


@pytest.mark.parametrize("form", ["text", "letters"])
def test_context_and_continuation_are_the_whole_text_cut_in_two(form: str, tokenizer: PreTrainedTokenizerBase) -> None:
    assert form in {"text", "letters"}
    words = QUESTION.choices if form == "text" else ("A", "B", "C")
    item = choice_item(QUESTION, "text" if form == "text" else "letters", tokenizer)
    context = context_of(QUESTION, "text" if form == "text" else "letters")

    for word, ids in zip(words, item.continuations, strict=True):
        assert item.context_ids + ids == tokenizer(f"{context} {word}")["input_ids"]
        assert tokenizer.decode(ids) == f" {word}"


def test_a_choice_alone_stands_behind_the_token_that_begins_a_text(tokenizer: PreTrainedTokenizerBase) -> None:
    item = unconditional_item(QUESTION, "text", tokenizer)
    begin = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id

    assert item.context_ids == [begin]
    assert [tokenizer.decode(ids) for ids in item.continuations] == [" yes", " no", " maybe so"]


def test_the_three_rules_pick_each_their_own(tokenizer: PreTrainedTokenizerBase) -> None:
    item = choice_item(QUESTION, "text", tokenizer)
    # As they are "yes" leads, per character "maybe so", and less what they cost alone "no".
    found = choice_scores(QUESTION, "text", item, (-3.0, -4.0, -5.0), (-1.0, -3.9, -0.5))

    assert {name: found[name] for name in found if "accuracy" in name} == {
        "choices_accuracy": 0.0,
        "choices_accuracy_normalised": 0.0,
        "choices_accuracy_unconditional": 1.0,
    }
    assert found["choices_confidence"] == pytest.approx(1 / (1 + 2.718281828**-1 + 2.718281828**-2))


def test_a_canary_is_ranked_among_secrets_that_were_never_planted() -> None:
    run = composed("model=tiny", "data.canaries=4")
    settings = composed_for(EvaluateConfig, "run.path=.", "evaluation.canary_candidates=9").evaluation
    items = canary_items(settings, run, seed=1)
    planted = {canary.secret for canary in canaries(4, run.seed)}

    assert {item.canary.secret for item in items} == planted
    assert all(len(set(item.others)) == 9 and not planted & set(item.others) for item in items)


def test_plain_words_of_compare_are_directories(tmp_path: Path) -> None:
    words = with_runs_named([str(tmp_path), "sort=loss", "runs/none", "--cfg", "job", "output=a=b"])

    assert words == ["sort=loss", "--cfg", "job", "output=a=b", f"runs=['{tmp_path}','runs/none']"]
