"""Requests that come, go and wait: each gets what it would get alone, within the memory that was given."""

from collections import defaultdict
from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from medgenius.inference.cache import Shelf, Shelves, shelf_length
from medgenius.inference.decoder import Capacity, Decoder, DecodeRequest, Emitted, RequestError
from medgenius.inference.sampling import Sampler, Sampling
from medgenius.inference.tuned import TunedModel
from tests.inference.support import answered_alone, ending_with, sample_prompts, tiny_tuned

ROOMY = Capacity(sequences=8, cached_tokens=20_000, prompt_tokens=100_000)
NEW = 12


@pytest.fixture(scope="module")
def tuned() -> TunedModel:
    return tiny_tuned()


@pytest.fixture(scope="module")
def prompts(tuned: TunedModel) -> list[list[int]]:
    return sample_prompts(tuned, 6)


@pytest.fixture(scope="module")
def alone(tuned: TunedModel, prompts: list[list[int]]) -> list[list[int]]:
    answers = [answered_alone(tuned.model, prompt, NEW) for prompt in prompts]
    assert not any(tuned.tokenizer.eos_token_id in ids for ids in answers)
    return answers


def finish(decoder: Decoder) -> list[Emitted]:
    emitted = []
    while len(decoder):
        emitted += decoder.step()
    return emitted


def by_request(emitted: Sequence[Emitted]) -> dict[int | str, list[int]]:
    answers: dict[int | str, list[int]] = defaultdict(list)
    for token in emitted:
        answers[token.request_id].append(token.token_id)
    return dict(answers)


@settings(max_examples=12)
@given(data=st.data())
def test_whoever_comes_and_goes(
    tuned: TunedModel, prompts: list[list[int]], alone: list[list[int]], data: st.DataObject
) -> None:
    """Any order of joining, leaving and waiting, whole prompts or parts of them, with a shared prefix or without."""
    capacity = Capacity(
        sequences=data.draw(st.integers(1, 5)),
        cached_tokens=data.draw(st.sampled_from([2_500, 6_000])),
        prompt_tokens=data.draw(st.sampled_from([40, 700, 100_000])),
    )
    prefix = prompts[0][: data.draw(st.sampled_from([0, 1, 37]))]
    decoder = Decoder(tuned, capacity, prefix)
    emitted: list[Emitted] = []
    removed = set()
    for number in range(data.draw(st.integers(1, 8))):
        which = data.draw(st.integers(0, len(prompts) - 1))
        decoder.add(DecodeRequest(f"{number}:{which}", prompts[which], data.draw(st.integers(1, NEW))))
        for _ in range(data.draw(st.integers(0, 6))):
            emitted += decoder.step()
            assert decoder._cache.tokens <= capacity.cached_tokens
            assert decoder.running <= capacity.sequences
        if data.draw(st.booleans()):
            gone = f"{data.draw(st.integers(0, number))}"
            removed.add(gone)
            for request in [f"{gone}:{which}" for which in range(len(prompts))]:
                decoder.remove(request)
    emitted += finish(decoder)

    answers = by_request(emitted)
    for name, ids in answers.items():
        assert ids == alone[int(str(name).split(":")[1])][: len(ids)]
    assert {token.request_id for token in emitted if token.finished} >= {
        name for name in answers if str(name).split(":")[0] not in removed
    }
    assert decoder._cache.tokens == 0


def test_reasons_to_end(tuned: TunedModel, prompts: list[list[int]], alone: list[list[int]]) -> None:
    place = alone[0].index(alone[0][4])
    decoder = Decoder(ending_with(tuned, alone[0][4]), ROOMY)
    decoder.add(DecodeRequest("ends", prompts[0], 50))
    decoder.add(DecodeRequest("cut", prompts[1], 1))

    emitted = finish(decoder)

    assert [token.finished for token in emitted if token.request_id == "ends"] == [None] * place + ["stop"]
    assert [token.finished for token in emitted if token.request_id == "cut"] == ["length"]


def test_a_prompt_in_parts_lets_others_go_on(tuned: TunedModel, prompts: list[list[int]]) -> None:
    decoder = Decoder(tuned, Capacity(sequences=2, cached_tokens=4_000, prompt_tokens=64))
    decoder.add(DecodeRequest("short", prompts[0][:10], 40))
    decoder.step()
    decoder.add(DecodeRequest("long", (prompts[-1] * 3)[:640], 1))

    steps = [[token.request_id for token in decoder.step()] for _ in range(10)]

    assert steps == [["short"]] * 9 + [["short", "long"]]


def test_who_waits_and_who_runs(tuned: TunedModel, prompts: list[list[int]]) -> None:
    decoder = Decoder(tuned, Capacity(sequences=2, cached_tokens=4_000, prompt_tokens=10_000))
    for name in ("a", "b", "c"):
        decoder.add(DecodeRequest(name, prompts[0], 3))
    decoder.step()

    assert (len(decoder), decoder.running) == (3, 2)
    decoder.remove("c")
    assert (len(decoder), decoder.running) == (2, 2)
    decoder.remove("nobody")
    assert {token.request_id for token in finish(decoder)} == {"a", "b"}


@pytest.mark.parametrize(
    ("prompt", "new", "says"),
    [
        ([], 5, "at least one token"),
        ([5], 0, "at least one token"),
        ([5] * 100, 901, "100 tokens and 901 new ones are more than the 992 that fit"),
    ],
)
def test_what_could_never_be_answered_is_refused(tuned: TunedModel, prompt: list[int], new: int, says: str) -> None:
    decoder = Decoder(tuned, Capacity(sequences=2, cached_tokens=1_000, prompt_tokens=100))
    with pytest.raises(RequestError, match=says):
        decoder.add(DecodeRequest(1, prompt, new))


def test_the_longest_that_fits_is_answered(tuned: TunedModel) -> None:
    decoder = Decoder(tuned, Capacity(sequences=2, cached_tokens=1_000, prompt_tokens=10_000))
    decoder.add(DecodeRequest(1, [5] * 987, 5))
    assert len(finish(decoder)) == 5


def test_draws_depend_on_the_seed_and_not_on_the_others(tuned: TunedModel, prompts: list[list[int]]) -> None:
    def drawn(seed: int, *, beside: int) -> list[int]:
        decoder = Decoder(tuned, ROOMY)
        for other in range(beside):
            decoder.add(DecodeRequest(other, prompts[other], NEW, Sampling(1.3, 1.0, other)))
        decoder.add(DecodeRequest("asked", prompts[3], NEW, Sampling(1.3, 0.9, seed)))
        return by_request(finish(decoder))["asked"]

    assert drawn(1, beside=0) == drawn(1, beside=3)
    assert drawn(1, beside=0) != drawn(2, beside=0)


@pytest.mark.parametrize("sampling", [Sampling(0.001, 1.0, 3), Sampling(1.0, 1e-9, 3)])
def test_cold_or_narrow_draws_are_the_likeliest(
    tuned: TunedModel, prompts: list[list[int]], alone: list[list[int]], sampling: Sampling
) -> None:
    decoder = Decoder(tuned, ROOMY)
    decoder.add(DecodeRequest(1, prompts[2], NEW, sampling))
    assert by_request(finish(decoder))[1] == alone[2]


@pytest.mark.parametrize(
    "logits",
    [[1.0, 300.0, 2.0], [float("-inf"), 1.0, 0.5], [0.0, float("inf"), 1.0], [0.0, float("nan"), 1.0]],
)
@pytest.mark.parametrize("temperature", [5e-324, 1e-40, 1e-6])
def test_no_temperature_and_no_logits_break_a_draw(logits: list[float], temperature: float) -> None:
    """A draw that raised would end the answers of all others too."""
    assert Sampler(Sampling(temperature, 1.0, 3)).draw(torch.tensor(logits)) == 1


@pytest.mark.parametrize("streams", [1, 2, 4, 16])
def test_a_budget_of_shelves_holds_as_many_sequences(tuned: TunedModel, streams: int) -> None:
    length = shelf_length(1536 + 512)
    shelves = Shelves(Decoder(tuned, ROOMY)._forward.shape, streams * length)

    assert [shelves.promise(length) for _ in range(streams + 1)] == [True] * streams + [False]


def test_who_waits_for_room_moves_nobody(
    tuned: TunedModel, prompts: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = Decoder(tuned, Capacity(sequences=2, cached_tokens=shelf_length(len(prompts[0]) + 5), prompt_tokens=1000))
    for number in range(2):
        decoder.add(DecodeRequest(number, prompts[0], 5))
    decoder.step()
    made: list[int] = []
    monkeypatch.setattr(Shelf, "_empty", lambda _, rows: made.append(rows))
    for _ in range(3):
        decoder.step()

    assert (decoder.running, len(decoder), made) == (1, 2, [])


@pytest.mark.parametrize("cache", ["true", "false"])
def test_in_bf16_an_answer_has_the_same_tokens_in_any_company(cache: str, prompts: list[list[int]]) -> None:
    tuned = tiny_tuned(f"model.cache_dequantized={cache}", dtype=torch.bfloat16)
    together = Decoder(tuned, ROOMY, prompts[0][:30])
    for number, prompt in enumerate(prompts):
        together.add(DecodeRequest(number, prompt, 40))
    answers = by_request(finish(together))
    for number, prompt in enumerate(prompts):
        alone = Decoder(tuned, ROOMY, prompts[0][:30])
        alone.add(DecodeRequest(number, prompt, 40))
        assert by_request(finish(alone))[number] == answers[number]
