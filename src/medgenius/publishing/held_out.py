"""The validation dialogues of a run, read again the way training read them."""

from medgenius.config.train import TrainConfig
from medgenius.data.dialogue import Dialogue
from medgenius.data.sources import load_dialogues
from medgenius.data.split import split_dialogues
from medgenius.errors import DataError


def validation_dialogues(config: TrainConfig, expected: int, limit: int) -> list[Dialogue]:
    """The first of them.

    Args:
        expected: how many the run has counted, without those that it refused

    Raises:
        DataError: the data are gone or others than at the time of training.
    """
    loaded = load_dialogues(config.data, config.seed)
    found = split_dialogues(loaded.dialogues, config.data.validation_fraction, config.seed).validation
    if len(found) < expected:
        raise DataError(
            f"the data changed since the training: {len(found)} validation dialogues, and there were {expected}"
        )
    return found[:limit]
