"""What a run was trained on, as one number: whoever comes later must read the same."""

import hashlib
from array import array
from collections.abc import Sequence

from medgenius.data.prompt import Example


def fingerprint(train: Sequence[Example], validation: Sequence[Example]) -> str:
    """SHA-256 of all examples as tokens, in their order."""
    digest = hashlib.sha256()
    for side in (train, validation):
        digest.update(array("q", [len(side)]).tobytes())
        for example in side:
            lengths = [len(example.prompt_ids), len(example.answer_ids)]
            digest.update(array("q", [*lengths, *example.prompt_ids, *example.answer_ids]).tobytes())
    return digest.hexdigest()
