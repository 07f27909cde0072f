"""How many tokens a pass holds."""

from dataclasses import dataclass

import pytest
import torch

from medgenius.model.adapter import backbone_of
from medgenius.model.machine import choose_machine
from medgenius.training import engine
from tests.support import composed, tiny_model


def test_the_number_that_was_set_is_taken() -> None:
    model = backbone_of(tiny_model())
    assert engine.tokens_per_pass(composed("trainer.tokens_per_pass=333").trainer, model, checkpointing=False) == 333


@dataclass
class Memory:
    free: int

    def __call__(self, _: torch.device) -> int:
        return self.free


def test_auto_follows_the_free_memory_within_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    model, config = backbone_of(tiny_model()), composed().trainer
    found = []
    for free in (0, 4_000_000, 8_000_000, 1 << 40):
        monkeypatch.setattr(engine, "free_memory", Memory(free))
        found.append(engine.tokens_per_pass(config, model, checkpointing=False))
    least, some, twice, most = found

    assert least == 64
    assert least < some < most == 768
    assert twice == pytest.approx(2 * some, abs=1)


def test_checkpointing_only_where_the_longest_dialogue_would_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    model, config = backbone_of(tiny_model()), composed().trainer
    assert config.activation_checkpointing == "auto"
    needed = 2048 * engine._bytes_per_token(model, checkpointing=False)
    for free, wanted in ((needed - 1, True), (needed, False), (1 << 40, False)):
        monkeypatch.setattr(engine, "free_memory", Memory(free))
        assert engine.needs_checkpointing(config, model, longest=2048) is wanted


@pytest.mark.parametrize("wanted", [True, False])
def test_checkpointing_as_it_was_set(monkeypatch: pytest.MonkeyPatch, wanted: bool) -> None:
    config = composed(f"trainer.activation_checkpointing={str(wanted).lower()}").trainer
    monkeypatch.setattr(engine, "free_memory", Memory(0 if not wanted else 1 << 40))
    assert engine.needs_checkpointing(config, backbone_of(tiny_model()), longest=9) is wanted


def test_with_checkpointing_a_pass_holds_more(monkeypatch: pytest.MonkeyPatch) -> None:
    model, config = backbone_of(tiny_model()), composed().trainer
    monkeypatch.setattr(engine, "free_memory", Memory(4_000_000))
    plain, checkpointed = (engine.tokens_per_pass(config, model, checkpointing=c) for c in (False, True))
    assert plain < checkpointed


def test_bf16_that_a_gpu_only_emulates_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    def supported(including_emulation: bool = True) -> bool:
        return including_emulation

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    assert choose_machine(composed().trainer).dtype == torch.float16
