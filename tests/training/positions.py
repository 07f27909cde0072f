"""A place in a run, for tests that care for some of its parts."""

from medgenius.training.snapshot import Position

POSITION = Position(
    step=3,
    real_tokens=1,
    target_tokens=1,
    validated_at=-1,
    validation_loss=None,
    loss_before=None,
    best_step=None,
    best_loss=None,
    validations_since_best=0,
    training_seconds=0.0,
    seconds=0.0,
    metrics_bytes=0,
)
