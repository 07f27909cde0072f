"""What a model could do before training is told by the trained one with its adapter switched off: the same numbers."""

import math

import pytest
import torch
from pytorch_lightning import Trainer
from pytorch_lightning.loggers import Logger

from medgenius.config.launch import Place
from medgenius.data.steps import validation_steps
from medgenius.model.adapter import add_adapter
from medgenius.model.backbone import load_backbone
from medgenius.model.backend import Trainable
from medgenius.model.loss import target_loss_sum
from medgenius.training.distributed import Group
from medgenius.training.engine import Engine
from medgenius.training.memory import PassSize
from medgenius.training.module import FineTuning, FrozenLoss
from tests.support import cache_dir, composed, random_examples


class _Recorder(Logger):
    def __init__(self) -> None:
        self.lines: list[tuple[int | None, dict[str, float]]] = []

    name = "recorder"
    version = ""

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        self.lines.append((step, metrics))

    def log_hyperparams(self, *_: object, **__: object) -> None: ...


@pytest.mark.parametrize("copies", ["true", "false"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_loss_before_is_exactly_that_of_the_fresh_adapter(dtype: torch.dtype, copies: str) -> None:
    config = composed("model=tiny", f"model.cache_dequantized={copies}")
    backbone = load_backbone(config.model, cache_dir(), dtype, torch.device("cpu"))
    model = add_adapter(backbone, config.lora, seed=1)
    loader = validation_steps(random_examples((20, 30), (7, 50), (90, 3), prefix=12))
    steps = list(loader)
    targets: int = sum(step.target_tokens for step in steps)

    def loss() -> float:
        with torch.inference_mode():
            return (
                math.fsum(float(target_loss_sum(model, piece)) for step in steps for piece in step.passes(100))
                / targets
            )

    model.eval()
    fresh = loss()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    with torch.no_grad():
        for parameter in trained:
            parameter.normal_(std=0.05)
    after = loss()
    assert after != fresh

    passes = PassSize(Engine(tokens_per_pass=100, compiled=False, checkpointing=False))
    alone = Group(Place(), torch.device("cpu"))
    trainable, frozen_loss = Trainable(model, target_loss_sum), FrozenLoss()
    module = FineTuning(trainable, config.optimizer, config.scheduler, 1, 1, 1.0, passes, alone, frozen_loss)
    recorder = _Recorder()
    trainer = Trainer(accelerator="cpu", logger=recorder, enable_progress_bar=False, enable_model_summary=False)
    for _ in range(2):
        trainer.validate(module, loader, verbose=False)
        assert module.loss_before == fresh
        assert float(trainer.callback_metrics["validation/loss"]) == pytest.approx(after, rel=1e-6)
    losses = [metrics["validation/loss"] for _, metrics in recorder.lines]
    assert losses == pytest.approx([fresh, after, after], rel=1e-6)  # before is measured and logged once
    assert recorder.lines[0][0] == 0
    assert all(parameter.requires_grad for parameter in trained)

    # Another run over the same model and rows takes it from there, and logs it all the same.
    assert frozen_loss.value == fresh
    frozen_loss.value = 1.5
    module = FineTuning(trainable, config.optimizer, config.scheduler, 1, 1, 1.0, passes, alone, frozen_loss)
    recorder.lines.clear()
    trainer.validate(module, loader, verbose=False)
    assert module.loss_before == 1.5
    assert [metrics["validation/loss"] for _, metrics in recorder.lines] == pytest.approx([1.5, after], rel=1e-6)
