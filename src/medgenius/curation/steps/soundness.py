"""Soundness: rows without a question, without an answer, or in which one has nothing to do with the other."""

import re
from collections.abc import Callable, Sequence

from medgenius.config.curation.soundness import SoundnessConfig
from medgenius.curation import lexicon
from medgenius.curation.language import Languages
from medgenius.curation.row import Rejection, Row

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_SPEAKER = re.compile(r"^\s*\[?(?:doctor|patient|physician|nurse|guest\w*)\]?\s*:?\s*", re.I)
_UNFINISHED = frozenset(
    {"the", "a", "an", "and", "or", "but", "because", "your", "their", "my", "our", "its", "than", "if"}
)
"""No English sentence ends in one of these; those that can ("take care of", "as it may be") are left out."""
_NAMED_A = re.compile(r"\bA\Z")
"""Vitamin A, hepatitis A, blood group A."""
_END_OF_SENTENCE = re.compile(r"[.!?](?:[\"')\]”’]|\[URL\])*(?=\s|$)")
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_REFERS = re.compile(
    r"^\W*(?:(?:please |you can |you may )?(?:see|visit|refer to|check|read|watch)\b[^.!?]{0,80}"
    r"(?:\[URL\]|https?:|www\.|website|web site|page|article|link|video)[^.!?]*[.!]?\W*)+$",
    re.I,
)
_ANSWERS_FIRST = re.compile(r"\b(?:may|might|could|sounds?|seems?)\b[^?]{3,}, ", re.I)
_LONGEST_QUESTION_BACK = 40
"""Words; an answer of more that consists of questions is a line of thought."""
_FEWEST_FOR_UNFINISHED = 8
_LONGEST_CLOSING = 6
_CONVERSATION = re.compile(r"(?:\[(?:doctor|patient)\]|\b(?:Doctor|Patient|Guest\w*):)")
_TERM = re.compile(
    r"\w{3,}(?:oma|omas|itis|osis|oses|emia|aemia|pathy|uria|plasia|trophy|ectomy|otomy|ostomy|ology|algia|penia|plegia|"
    r"phobia|philia|rrhea|rrhoea|megaly|sclerosis|iasis|spadias|dystrophy|syndrome|cyte|gnosia|praxia|phasia|mab|cillin|azole)\b",
    re.I,
)
"""Endings of medical words, for the rare conditions that no list holds."""


class Soundness:
    name = "soundness"

    def __init__(self, config: SoundnessConfig) -> None:
        self._config = config
        self._languages = Languages()
        self._backchannels = lexicon.words("backchannels.txt")
        self._medical = (
            lexicon.words("medical_words.txt") | lexicon.words("drugs.txt") | lexicon.words("conditions.txt")
        )
        self._checks: tuple[Callable[[_Text], str | None], ...] = (
            self._missing,
            self._long,
            self._backchannel,
            self._repeated,
            self._language,
            self._unfinished,
            self._unanswered,
            self._unmedical,
        )

    def __reduce__(self) -> tuple[type["Soundness"], tuple[SoundnessConfig]]:
        return Soundness, (self._config,)

    def __call__(self, rows: Sequence[Row]) -> list[Row | Rejection]:
        return [self._judged(row) for row in rows]

    def _judged(self, row: Row) -> Row | Rejection:
        text = _Text(row)
        for check in self._checks:
            reason = check(text)
            if reason:
                name, _, detail = reason.partition(":")
                return Rejection(row, self.name, name, detail)
        return row

    def _missing(self, text: "_Text") -> str | None:
        if not text.question_words:
            return "question_missing"
        return None if text.answer_words else "empty_answer"

    def _long(self, text: "_Text") -> str | None:
        if len(text.question) + len(text.answer) > self._config.max_characters:
            return "too_long:characters"
        words = len(text.question_words) + len(text.answer_words)
        return "too_long:words" if words > self._config.max_words else None

    def _backchannel(self, text: "_Text") -> str | None:
        words = text.answer_words
        if not self._medical.isdisjoint(words) or _TERM.search(text.answer):
            return None
        if len(words) == 1:
            return "one_word_answer"
        short = len(words) < self._config.min_answer_words
        return "backchannel" if short or self._backchannels.issuperset(words) else None

    def _repeated(self, text: "_Text") -> str | None:
        question, answer = text.question_words, text.answer_words
        same = len(answer) >= 4 and " ".join(answer) in " ".join(question[-len(answer) - 2 :])
        return "answer_repeats_question" if answer == question or same else None

    def _language(self, text: "_Text") -> str | None:
        # The answer is what is learnt; a short one is judged with its question.
        found = self._languages.of(text.answer if len(text.answer) >= 80 else f"{text.question}\n{text.answer}")
        if found and found.code not in self._config.languages and found.confidence >= self._config.language_confidence:
            return f"wrong_language:{found.code}"
        return None

    def _unfinished(self, text: "_Text") -> str | None:
        answer = text.answer.rstrip()
        # Transcribed speech has no full stops and ends where the turn does.
        if len(text.answer_words) < _FEWEST_FOR_UNFINISHED or not _END_OF_SENTENCE.search(answer):
            return None
        # A short last line with a comma opens a signature: "Be well,".
        comma = answer.endswith(",") and len(answer.rpartition("\n")[2].split()) > _LONGEST_CLOSING
        cut = answer[-1].isalpha() and text.answer_words[-1] in _UNFINISHED and not _NAMED_A.search(answer)
        return "unfinished" if comma or cut else None

    def _unanswered(self, text: "_Text") -> str | None:
        if not self._config.reject_unanswered or text.is_conversation:
            return None
        if _REFERS.match(text.answer):
            return "does_not_answer:refers_elsewhere"
        sentences = [found for part in _SENTENCE.findall(text.answer) if (found := part.strip())]
        if len(text.answer_words) <= _LONGEST_QUESTION_BACK and all(map(_only_asks, sentences)):
            return "does_not_answer:asks_back"
        return None

    def _unmedical(self, text: "_Text") -> str | None:
        needed = self._config.min_medical_terms
        if needed == 0 or text.is_conversation:
            return None
        found = self._medical.intersection(text.question_words + text.answer_words)
        if len(found) >= needed:
            return None
        found |= set(_TERM.findall(f"{text.question} {text.answer}"))
        return "not_medical" if len(found) < needed else None


def _only_asks(sentence: str) -> bool:
    """`You may have gout, does the toe hurt?` answers first."""
    return sentence.endswith("?") and not _ANSWERS_FIRST.search(sentence)


class _Text:
    """Both sides of a row and their words, which several checks need."""

    def __init__(self, row: Row) -> None:
        self.question = row.input
        self.answer = _SPEAKER.sub("", row.output)
        self.question_words = _WORD.findall(row.input.lower())
        self.answer_words = _WORD.findall(self.answer.lower())
        # A turn of a consultation may well be a question, or small talk.
        self.is_conversation = "continue the" in row.instruction.lower() or bool(_CONVERSATION.search(row.input))
