"""Dialogues to tokenized examples, with a count of everything that did not fit."""

from dataclasses import dataclass

from medgenius.data.dialogue import Dialogue
from medgenius.data.prompt import Example, Prompt
from medgenius.data.token_cache import TokenCache
from medgenius.errors import DataError
from medgenius.reading.records import BadRow


@dataclass(frozen=True, slots=True)
class Encoded:
    examples: list[Example]
    answers_cut: int
    """Answers that end early because of `data.max_length`."""
    refused: list[BadRow]
    """Dialogues left out: the prompt leaves no room for an answer, or the text spells a control token."""


def encode_dialogues(
    dialogues: list[Dialogue], prompt: Prompt, max_length: int, cache: TokenCache | None = None
) -> Encoded:
    """Tokenize, all texts at once; nothing is dropped unnamed."""
    examples: list[Example] = []
    refused: list[BadRow] = []
    accepted: list[Dialogue] = []
    texts: list[str] = []
    for dialogue in dialogues:
        try:
            texts += prompt.parts(dialogue)
        except DataError as error:
            refused.append(BadRow(dialogue.where, "control_token", str(error)))
        else:
            accepted.append(dialogue)
    ids = prompt.token_ids(texts, cache)
    for dialogue, prompt_ids, answer_ids in zip(accepted, ids[::2], ids[1::2], strict=True):
        example = prompt.example_of(prompt_ids, answer_ids, max_length)
        if example is None:
            reason = f"its prompt alone fills data.max_length={max_length}"
            refused.append(BadRow(dialogue.where, "no_room", reason))
        else:
            examples.append(example)
    return Encoded(examples, sum(example.truncated for example in examples), refused)
