"""The one place where a dialogue becomes text and tokens: training, evaluation, serving and the chat template.

Prompt and answer are tokenized apart, the way a model sees them when it is used: the prompt whole, then what it
writes. The shipped prompts end in a line break, so that one pass over the joined text gives the same tokens (tested).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from transformers import PreTrainedTokenizerBase

from medgenius.config.prompt import TEXT, PromptConfig
from medgenius.data.dialogue import Dialogue, Message, prompt_messages
from medgenius.data.token_cache import TokenCache, token_ids
from medgenius.errors import ConfigError, DataError, ModelError


@dataclass(frozen=True, slots=True)
class Example:
    """One dialogue in tokens. Only `answer_ids` are targets."""

    prompt_ids: list[int]
    answer_ids: list[int]
    """The answer and the end-of-sequence token; shorter and without it where `max_length` cut it."""
    truncated: bool

    def __len__(self) -> int:
        return len(self.prompt_ids) + len(self.answer_ids)


_CONTROL: Final = re.compile(r"<\S+>|\[[A-Z_/]+\]")
"""How special tokens are written, whether or not they are marked so."""


class Prompt:
    """conf/prompt bound to a tokenizer."""

    def __init__(self, config: PromptConfig, tokenizer: PreTrainedTokenizerBase) -> None:
        """
        Raises:
            ModelError: the tokenizer has no end-of-sequence token, so no answer could ever end.
            ConfigError: only one of `prompt.system` and `prompt.user` begins with the BOS token.
        """
        if tokenizer.eos_token_id is None:
            raise ModelError("the tokenizer has no end-of-sequence token: a model could not learn where to stop")
        self._config = config
        self._tokenizer = tokenizer
        self._bos = self._missing_bos()
        self._control_tokens = sorted(_control_tokens(tokenizer))

    def _missing_bos(self) -> str:
        """The BOS token as text, or nothing where there is none or the prompt itself begins with it (ChatML)."""
        bos = self._tokenizer.bos_token
        if bos is None:
            return ""
        begins = {self._config.system.startswith(bos), self._config.user.startswith(bos)}
        if len(begins) == 2:
            raise ConfigError(f"prompt.system and prompt.user must both begin with {bos}, or neither")
        return "" if begins == {True} else str(bos)

    def text(self, messages: Sequence[Message]) -> str:
        """A conversation as text, up to the point where the model answers.

        Args:
            messages: an optional system message, then user and assistant in turn, the last by the user.

        Raises:
            DataError: a message spells a control token of the tokenizer, which would forge a turn.
        """
        eos = self._tokenizer.eos_token
        parts = [self._bos]
        for message in messages:
            content = self._plain(message.content)
            if message.role == "system":
                parts.append(self._config.system.replace(TEXT, content))
            elif message.role == "user":
                parts += [self._config.user.replace(TEXT, content), self._config.assistant]
            else:
                parts += [content, eos, self._config.turn_end]
        return "".join(parts)

    def _plain(self, content: str) -> str:
        for token in self._control_tokens:
            if token in content:
                raise DataError(f"spells the control token {token}")
        return content.strip()

    def encode_prompt(self, messages: Sequence[Message]) -> list[int]:
        """Token ids of `text(messages)`; exactly one BOS at its start where the tokenizer has one."""
        return self._ids(self.text(messages))

    def encode_answer(self, answer: str) -> list[int]:
        """Token ids of an answer and the end-of-sequence token behind it."""
        return [*self._ids(self._plain(answer)), int(self._tokenizer.eos_token_id)]

    def _ids(self, text: str) -> list[int]:
        (ids,) = self.token_ids([text])
        return ids

    def token_ids(self, texts: Sequence[str], cache: TokenCache | None = None) -> list[list[int]]:
        """Token ids of each text, from the cache where they are known."""
        return cache.token_ids(self._tokenizer, texts) if cache else token_ids(self._tokenizer, texts)

    def parts(self, dialogue: Dialogue) -> tuple[str, str]:
        """The prompt and the answer as text: what `example_of` wants the token ids of.

        Raises:
            DataError: the dialogue spells a control token.
        """
        return self.text(prompt_messages(dialogue)), self._plain(dialogue.output)

    def example(self, dialogue: Dialogue, max_length: int) -> Example | None:
        """A dialogue in at most `max_length` tokens; the answer's end is cut. None where the prompt leaves no room."""
        prompt_ids, answer_ids = self.token_ids(self.parts(dialogue))
        return self.example_of(prompt_ids, answer_ids, max_length)

    def example_of(self, prompt_ids: list[int], answer_ids: list[int], max_length: int) -> Example | None:
        """As `example`, from the token ids of the two `parts`."""
        answer_ids = [*answer_ids, int(self._tokenizer.eos_token_id)]
        room = max_length - len(prompt_ids)
        if room < 1:
            return None
        return Example(prompt_ids, answer_ids[:room], truncated=len(answer_ids) > room)

    @property
    def chat_template(self) -> str:
        """The same prompt as a Jinja chat template, for every tool that knows transformers' tokenizers."""
        before_system, after_system = self._config.system.split(TEXT)
        before_user, after_user = self._config.user.split(TEXT)

        def put(*texts: str) -> str:
            return "".join(f"{{{{- {json.dumps(text, ensure_ascii=False)} }}}}" for text in texts if text)

        content = "{{- message['content'] | trim }}"
        return (
            f"{put(self._bos)}{{%- for message in messages %}}"
            f"{{%- if message['role'] == 'system' %}}{put(before_system)}{content}{put(after_system)}"
            f"{{%- elif message['role'] == 'user' %}}{put(before_user)}{content}{put(after_user)}"
            "{%- if not loop.last or add_generation_prompt %}" + put(self._config.assistant) + "{%- endif %}"
            f"{{%- else %}}{content}{put(self._tokenizer.eos_token, self._config.turn_end)}"
            "{%- endif %}{%- endfor %}"
        )


def _control_tokens(tokenizer: PreTrainedTokenizerBase) -> set[str]:
    """What would be read as a command inside a text: special tokens, and added ones that look like such. An added token
    may also be an ordinary letter that the vocabulary lacked."""
    added = tokenizer.added_tokens_decoder.values()
    return {
        *map(str, tokenizer.all_special_tokens),
        *(token.content for token in added if token.special or _CONTROL.fullmatch(token.content)),
    }
