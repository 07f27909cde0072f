"""What makes two evaluations the same: the run, the settings that change a result, and the items."""

import hashlib
import json
from pathlib import Path
from typing import Final

from medgenius.config.evaluate import EvaluateConfig
from medgenius.config.train import TrainConfig
from medgenius.errors import RunError
from medgenius.evaluation.items import Items, digest_of_all
from medgenius.evaluation.metrics.empathy import EmpathyModel
from medgenius.files import Json
from medgenius.runs import Run

_FREE: Final = frozenset({"items_at_once", "resamples", "examples"})
"""Settings of conf/evaluation that change no record."""
_FREE_OF_JUDGE: Final = frozenset({"api_key_variable", "timeout", "retries", "workers"})


def header_of(run: Run, run_config: TrainConfig, config: EvaluateConfig, items: Items) -> dict[str, Json]:
    """The first line of evaluation.jsonl.

    Raises:
        RunError: the run has no adapter.
        ModelError: there is no classifier where one is named.
    """
    settings: dict[str, Json] = config.evaluation.model_dump(exclude=set(_FREE))
    judge = config.evaluation.judge.model_dump(exclude=set(_FREE_OF_JUDGE))
    sets: dict[str, Json] = {
        name: {"items": len(some), "digest": digest_of_all(some)} for name, some in items.sets().items()
    }
    classifier = config.evaluation.empathy.model
    for group in ("dialogues", "choices", "safety", "judge", "empathy"):
        settings.pop(group)  # their files are told by the digests of what was in them
    return {
        "run": {"adapter": adapter_digest(run), "config": _digest(run_config.model_dump(exclude={"run", "tracking"}))},
        "settings": {
            **settings,
            "choices_form": config.evaluation.choices.form,
            "judge": judge["endpoint"] and _digest(judge),
            "empathy": classifier and EmpathyModel.digest(Path(classifier).expanduser())[:16],
        },
        "items": sets,
    }


def _digest(value: Json) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def adapter_digest(run: Run) -> str:
    """
    Raises:
        RunError: the run has none.
    """
    file: Path = run.adapter / "adapter_model.safetensors"
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:16]
    except OSError as error:
        raise RunError(f"{file} can't be read: {error.strerror}") from None
