"""Dialogues to tokenized examples, with a count of everything that did not fit."""

from dataclasses import dataclass

from medgenius.data.dialogue import Dialogue
from medgenius.data.prompt import Example, Prompt
from medgenius.errors import DataError
from medgenius.reading.records import BadRow


@dataclass(frozen=True, slots=True)
class Encoded:
    examples: list[Example]
    answers_cut: int
    """Answers that end early because of `data.max_length`."""
    refused: list[BadRow]
    """Dialogues left out: the prompt leaves no room for an answer, or the text spells a control token."""


def encode_dialogues(dialogues: list[Dialogue], prompt: Prompt, max_length: int) -> Encoded:
    """Tokenize; nothing is dropped unnamed."""
    examples: list[Example] = []
    refused: list[BadRow] = []
    for dialogue in dialogues:
        try:
            example = prompt.example(dialogue, max_length)
        except DataError as error:
            refused.append(BadRow(dialogue.where, "control_token", str(error)))
            continue
        if example is None:
            reason = f"its prompt alone fills data.max_length={max_length}"
            refused.append(BadRow(dialogue.where, "no_room", reason))
        else:
            examples.append(example)
    return Encoded(examples, sum(example.truncated for example in examples), refused)
