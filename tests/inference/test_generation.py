"""Many answers at once are those that plain transformers gives one by one."""

from collections import Counter

import pytest

from medgenius.inference import generation
from medgenius.inference.generation import Generated, generate
from medgenius.inference.tuned import TunedModel
from tests.inference.support import answered_alone, cut_at, ending_with, sample_prompts, tiny_tuned
from tests.support import plain_twin

NEW = 24


@pytest.fixture(scope="module")
def tuned() -> TunedModel:
    return tiny_tuned()


@pytest.fixture(scope="module")
def prompts(tuned: TunedModel) -> list[list[int]]:
    return sample_prompts(tuned, 12)


@pytest.fixture(scope="module")
def alone(tuned: TunedModel, prompts: list[list[int]]) -> dict[str, list[list[int]]]:
    """Of transformers' and PEFT's own modules."""
    twin = plain_twin(tuned.model)
    answers = {"tuned": [answered_alone(twin, prompt, NEW) for prompt in prompts]}
    with twin.disable_adapter():
        answers["base"] = [answered_alone(twin, prompt, NEW) for prompt in prompts]
    assert answers["base"] != answers["tuned"]
    return answers


def often_said(answers: list[list[int]]) -> int:
    """The token that ends most answers early, at different places, though not all."""
    counts = Counter(token for ids in answers for token in set(ids))
    return next(token for token, count in counts.most_common() if count < len(answers))


@pytest.mark.parametrize("which", ["tuned", "base"])
def test_tokens_are_those_of_transformers_one_by_one(
    which: str,
    tuned: TunedModel,
    prompts: list[list[int]],
    alone: dict[str, list[list[int]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    end = often_said(alone[which])
    monkeypatch.setitem(generation._SEQUENCES, "cpu", 5)  # so that most join while others run
    ending = ending_with(tuned, end)
    expected = [Generated(i, cut_at(ids, end), end in ids) for i, ids in enumerate(alone[which])]
    assert {answer.finished for answer in expected} == {True, False}

    if which == "base":
        with ending.base():
            answers = list(generate(ending, prompts, NEW))
    else:
        answers = list(generate(ending, prompts, NEW))

    assert sorted(answers, key=lambda answer: answer.index) == expected
    assert [answer.index for answer in answers] != sorted(range(len(prompts)))


def test_progress_ends_at_all(tuned: TunedModel, prompts: list[list[int]]) -> None:
    told: list[tuple[int, int]] = []

    for _ in generate(tuned, prompts[:4], 3, lambda done, total: told.append((done, total))):
        pass

    assert told == sorted(told)
    assert told[-1] == (sum(map(len, prompts[:4])) + 12,) * 2


def test_no_prompt_is_no_answer(tuned: TunedModel) -> None:
    assert list(generate(tuned, [], 3)) == []


def test_one_prompt_and_a_prompt_that_begins_another(tuned: TunedModel, prompts: list[list[int]]) -> None:
    long = prompts[-1]
    answers = {answer.index: answer.ids for answer in generate(tuned, [long[:40], long, long[:40], [7]], 5)}
    (first,) = generate(tuned, [long[:40]], 5)
    (only,) = generate(tuned, [[7]], 5)

    assert answers[0] == answers[2] == first.ids
    assert answers[3] == only.ids


@pytest.mark.parametrize("override", ["model.cache_dequantized=false", "lora.target_modules=[q_proj,v_proj,up_proj]"])
def test_without_copies_of_the_weights_and_with_some_layers_adapted(override: str) -> None:
    tuned = tiny_tuned(override)
    twin = plain_twin(tuned.model)
    prompts = sample_prompts(tuned, 4)

    answers = {answer.index: answer.ids for answer in generate(tuned, prompts, 8)}

    end = int(tuned.tokenizer.eos_token_id)
    assert answers == {i: cut_at(answered_alone(twin, prompt, 8), end) for i, prompt in enumerate(prompts)}


def bytes_of_buffers(tuned: TunedModel) -> int:
    storages = [buffer.untyped_storage() for buffer in tuned.model.buffers()]
    return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())


def test_the_model_computes_what_it_did_before(tuned: TunedModel) -> None:
    fresh = tiny_tuned()
    prompt = sample_prompts(tuned, 1)[0]
    before = answered_alone(fresh.model, prompt, 8)
    held = bytes_of_buffers(fresh)

    list(generate(fresh, [prompt], 2))

    assert answered_alone(fresh.model, prompt, 8) == before
    assert bytes_of_buffers(fresh) == held
