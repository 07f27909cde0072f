"""How many tokens a pass holds."""

from dataclasses import dataclass

import pytest
import torch

from medgenius.model.adapter import backbone_of
from medgenius.training import machine
from tests.support import composed, tiny_model


def test_the_number_that_was_set_is_taken() -> None:
    model = backbone_of(tiny_model())
    assert machine.tokens_per_pass(composed("trainer.tokens_per_pass=333").trainer, model) == 333


@dataclass
class Memory:
    free: int

    def __call__(self, _: torch.device) -> int:
        return self.free


def test_auto_follows_the_free_memory_within_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    model, config = backbone_of(tiny_model()), composed().trainer
    found = []
    for free in (0, 4_000_000, 8_000_000, 1 << 40):
        monkeypatch.setattr(machine, "free_memory", Memory(free))
        found.append(machine.tokens_per_pass(config, model))
    least, some, twice, most = found

    assert least == 64
    assert least < some < most == 1024
    assert twice == pytest.approx(2 * some, abs=1)
