"""The guard around every engine: what stands before an answer, in its place and behind it.

It judges what the person wrote before the model is asked, by rules, so nothing in a message can talk it out of it; and
the answer while it is written. A streamed answer and a whole one are the same text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from medgenius.config.serving.guard import GuardConfig
from medgenius.curation.language import Languages
from medgenius.data.dialogue import Message
from medgenius.safety import (
    dangerous_advice,
    disclaimer_text,
    escalation_text,
    harmful_request,
    needs_disclaimer,
    red_flags_of,
    without_disguise,
)
from medgenius.safety.advice import FULFILLED
from medgenius.safety.wording import WORDINGS, correction_text, refusal_text

GAP = "\n\n"
"""Between what the guard adds and the answer."""
_SENTENCE_END = re.compile(r"(?:[.!?]+[\"')\]]*(?=\s)|\n)")
_SURE = 0.5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a conversation calls for, before any answer."""

    question: str
    """The person's last message."""
    language: str
    red_flags: tuple[str, ...]
    harm: str | None
    """The kind of harm asked for, where such requests are refused"""

    @property
    def emergency(self) -> bool:
        return bool(self.red_flags)

    @property
    def emergency_text(self) -> str | None:
        return escalation_text(self.language) if self.emergency else None


class Guard:
    """Judges conversations; holds no state of any."""

    def __init__(self, config: GuardConfig) -> None:
        self._config = config
        red_flags_of("")  # the rules are read at the first call, and nobody is to wait for that
        _languages()

    def judge(self, messages: Sequence[Message]) -> Verdict:
        """Of what the person wrote; system and assistant messages count for nothing, whoever sent them.

        What an earlier message raised stays up for the rest of a conversation, so that "go on" undoes nothing, and so
        do red flags that only several messages together raise.
        """
        texts = [message.content for message in messages if message.role == "user"]
        question = texts[-1] if texts else ""
        flags = dict.fromkeys(red_flags_of(question))
        if len(texts) > 1:
            for text in (*texts[:-1], "\n".join(texts)):
                flags |= dict.fromkeys(red_flags_of(text))
        refuses = self._config.harmful_requests == "refuse"
        kinds = (harmful_request(without_disguise(text)) for text in reversed(texts)) if refuses else ()
        harm = next(filter(None, kinds), None)
        return Verdict(question, self._language(question), tuple(flags), harm)

    def _language(self, text: str) -> str:
        if self._config.language != "auto":
            return self._config.language
        found = _languages().of(text)
        return found.code if found and found.code in WORDINGS and found.confidence >= _SURE else "en"

    def answer(self, verdict: Verdict) -> "GuardedAnswer":
        return GuardedAnswer(verdict, self._config)


def _shape(text: str) -> int:
    """Characters without the white space at the end: it waits for what follows it, and with nothing it leaves."""
    return len(text.rstrip())


@cache
def _languages() -> Languages:
    return Languages()


class GuardedAnswer:
    """One answer on its way to the reader: `begin`, `add` for each piece of the model's, `finish`.

    What the three return, joined, is the text that the reader sees. `ended` tells that the model need not go on.
    """

    def __init__(self, verdict: Verdict, config: GuardConfig) -> None:
        self._verdict = verdict
        self._config = config
        self._text = ""
        """What the model has written, without the emergency text where it repeats that"""
        self._judged = 0
        """Characters of it, up to the end of a sentence"""
        self._shown = 0
        """Characters of it"""
        self._anything = False
        self._may_repeat = verdict.emergency
        self.ended = verdict.harm is not None
        self.corrected = False
        """Whether a dangerous sentence ended the answer."""

    def begin(self) -> str:
        """The emergency text, and the refusal: before the model is asked."""
        verdict = self._verdict
        refusal = refusal_text(verdict.language) if verdict.harm else None
        text = GAP.join(part for part in (verdict.emergency_text, refusal) if part)
        self._anything = bool(text)
        return text

    def add(self, piece: str) -> str:
        """A piece of the model's answer; gives what may be shown by now."""
        if self.ended:
            return ""
        self._text += piece
        if not self._shown:
            self._text = self._text.lstrip()
            if self._is_repeating():
                return ""
        return self._released(at_end=False)

    def finish(self) -> str:
        """What is still held back, and the disclaimer where one is needed."""
        if self.ended:
            return ""
        if not self._shown and self._is_repeating():
            self._text = ""
        rest = self._released(at_end=True)
        if self.corrected:
            return rest
        policy, answer = self._config.disclaimer, self._text[: self._shown]
        if policy == "always" or (policy == "advice" and needs_disclaimer(self._verdict.question, answer)):
            rest += self._apart(disclaimer_text(self._verdict.language))
        return rest

    def _is_repeating(self) -> bool:
        """Whether all of the answer so far may be the emergency text, which is not shown twice."""
        opening = self._verdict.emergency_text
        if opening is None or not self._may_repeat:
            return False
        if self._text.startswith(opening):
            self._text = self._text[len(opening) :].lstrip()
            self._may_repeat = False
            return not self._text
        self._may_repeat = opening.startswith(self._text)
        return self._may_repeat

    def _released(self, *, at_end: bool) -> str:
        """What has not been shown yet and may be; sentences are judged once they are whole."""
        policy, text = self._config.dangerous_advice, self._text
        if policy == "ignore":
            return self._show(_shape(text))
        ends = [match.end() for match in _SENTENCE_END.finditer(text, self._judged)]
        for end in [*ends, len(text)] if at_end else ends:
            # Whether the request may be answered is another rule's matter, and settled by now.
            if set(dangerous_advice(self._verdict.question, text[:end])) - {FULFILLED}:
                return self._corrected(end)
            self._judged = end
        return self._show(_shape(text[: self._judged] if policy == "withhold" else text))

    def _corrected(self, end: int) -> str:
        """End the answer: behind the sentence where it was shown in part already, before it where it was not."""
        self.ended = self.corrected = True
        withhold = self._config.dangerous_advice == "withhold"
        shown = self._show(_shape(self._text[: self._judged if withhold else end]))
        return shown + self._apart(correction_text(self._verdict.language))

    def _show(self, until: int) -> str:
        """The answer's characters up to `until` that have not been shown."""
        if until <= self._shown:
            return ""
        text, first = self._text[self._shown : until], not self._shown
        self._shown = until
        return self._apart(text) if first else text

    def _apart(self, text: str) -> str:
        gap = GAP if self._anything else ""
        self._anything = True
        return gap + text
