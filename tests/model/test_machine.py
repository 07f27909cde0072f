"""Where a model is computed."""

import pytest
import torch

from medgenius.errors import ConfigError
from medgenius.model.machine import choose_machine
from tests.support import composed


def test_what_eight_gpus_trained_one_can_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluation, publishing and serving are one process."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    trainer = composed("trainer=ddp", "trainer.devices=8").trainer

    assert choose_machine(trainer).device == torch.device("cuda")
    with pytest.raises(ConfigError, match=r"trainer\.devices=8: 1 CUDA devices are visible"):
        choose_machine(trainer, local_rank=0)
