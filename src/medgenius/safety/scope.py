"""What is said about a finding: that it is not there, was once, would be, is asked about, or is slight.

Each word of a message gets the marks that hold for it; a finding counts by the marks of its first word.
"""

from enum import Flag, auto
from functools import cache

from medgenius.safety import scope_words as wording
from medgenius.safety.phrases import PhraseIndex, Span, parse
from medgenius.safety.words import ENDS, Words


class Mark(Flag):
    """Why a finding may not count."""

    NONE = 0
    NEGATED = auto()
    PAST = auto()
    IMAGINED = auto()
    """Feared, hypothetical, or to be prevented."""
    TAUGHT = auto()
    """Asked about in general: a question of knowledge."""
    SLIGHT = auto()
    OVER = auto()
    """Was there and has gone."""
    CLEARED = auto()
    """Was examined and found harmless."""
    IDIOM = auto()


_CUES = {
    "negation": wording.NEGATION,
    "not_negating": wording.NOT_NEGATING,
    "past": wording.PAST,
    "acute": wording.ACUTE_PHRASES,
    "imagined": wording.IMAGINED,
    "taught": wording.TAUGHT,
    "lesson": wording.LESSON,
    "slight": wording.SLIGHT,
    "over": wording.OVER,
    "cleared": wording.CLEARED,
    "idiom": wording.IDIOMS,
}


@cache
def _cues() -> tuple[PhraseIndex, dict[int, list[str]]]:
    """The index of all cue phrases, and the kinds that each of its sequences stands for."""
    index = PhraseIndex()
    kinds: dict[int, list[str]] = {}
    for kind, lines in _CUES.items():
        for line in lines.strip().splitlines():
            for number in index.add(parse(line)):
                kinds.setdefault(number, []).append(kind)
    return index, kinds


class Scope:
    """The marks of each word of a message."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.marks = [0] * len(words.tokens)
        """The values of `Mark`; plain integers, since flags are slow to join."""
        index, kinds = _cues()
        self._cues: dict[str, list[Span]] = {kind: [] for kind in _CUES}
        for number, spans in index.find(words).items():
            for kind in kinds[number]:
                self._cues[kind] += spans
        acute = {words.sentence[start] for start, _ in self._cues["acute"]}
        self._acute_sentences = acute | {
            words.sentence[i] for i, token in enumerate(words.tokens) if token in wording.ACUTE
        }
        self._mark_negated()
        self._mark_past()
        self._mark_the_rest()

    def of(self, span: Span) -> int:
        """The marks under which a finding stands, as a value of `Mark`."""
        return self.marks[span[0]] | (self.marks[span[1]] & Mark.IDIOM.value)

    def _mark(self, start: int, end: int, mark: Mark) -> None:
        for position in range(max(start, 0), min(end, len(self.marks))):
            self.marks[position] |= mark.value

    def _sentence_end(self, position: int) -> int:
        number = self.words.sentence[position]
        while position < len(self.marks) and self.words.sentence[position] == number:
            position += 1
        return position

    def _sentence_start(self, position: int) -> int:
        while position and self.words.sentence[position - 1] == self.words.sentence[position]:
            position -= 1
        return position

    def _clause(self, position: int) -> tuple[int, int]:
        clause, start = self.words.clause, position
        while start and clause[start - 1] == clause[position]:
            start -= 1
        end = position
        while end < len(clause) and clause[end] == clause[position]:
            end += 1
        return start, end

    def _mark_negated(self) -> None:
        harmless = {start for start, _ in self._cues["not_negating"]}
        for start, end in self._cues["negation"]:
            if start not in harmless:
                self._mark(end + 1, self._negation_end(end), Mark.NEGATED)

    def _negation_end(self, cue: int) -> int:
        """Where the reach of a negation ends: a list with "or" goes on past commas, other negations do not."""
        tokens = self.words.tokens
        end = self._sentence_end(cue)
        is_list = tokens[cue] in wording.HEADS_A_LIST or tokens[cue - 1] in wording.HEADS_A_LIST
        for position in range(cue + 1, end):
            if tokens[position] in wording.ENDS_NEGATION or tokens[position] in ENDS:
                return position
            if not is_list and (position - cue > wording.REACH or self._breaks_off(position)):
                return position
        return end

    def _breaks_off(self, position: int) -> bool:
        """Whether a comma or an "and" begins something new, and no further item of a list."""
        tokens = self.words.tokens
        word, rest = tokens[position], tokens[position + 1 :]
        if word == "," and rest:
            _, clause_end = self._clause(position + 1)
            return clause_end - position > 5 or not {"or", "nor"} & set(tokens[position + 1 : clause_end])
        return word == "and" and rest[:1] != () and rest[0] in wording.PERSONAL

    def _mark_past(self) -> None:
        tokens, sentence = self.words.tokens, self.words.sentence
        cues = [start for start, _ in self._cues["past"]]
        cues += [i for i, token in enumerate(tokens) if len(token) == 4 and token.startswith(wording.YEARS)
                 and token.isdigit()]  # fmt: skip
        for position in cues:
            if sentence[position] not in self._acute_sentences:
                start, end = self._clause(position)
                self._mark(start, end, Mark.PAST)
                if end - start <= 5:
                    self._mark(end, self._clause(end)[1] if end < len(tokens) else end, Mark.PAST)
        for position, token in enumerate(tokens):
            if token in wording.RELATIVES and sentence[position] not in self._acute_sentences:
                end = self._sentence_end(position)
                if wording.HAD & set(tokens[position:end]):
                    self._mark(self._sentence_start(position), end, Mark.PAST)

    def _mark_the_rest(self) -> None:
        tokens = self.words.tokens
        for start, end in self._cues["idiom"]:
            self._mark(start, end + 1, Mark.IDIOM)
        for _, end in self._cues["slight"]:
            self._mark(end, end + 4, Mark.SLIGHT)
        for start, _ in self._cues["imagined"]:
            self._mark(start, self._sentence_end(start), Mark.IMAGINED)
        for start, _ in self._cues["taught"]:
            end = self._sentence_end(start)
            if not wording.PERSONAL & set(tokens[start:end]):
                self._mark(start, end, Mark.TAUGHT)
        for start, _ in self._cues["over"]:
            self._mark(self._sentence_start(start), self._sentence_end(start), Mark.OVER)
        if self._cues["lesson"] and not self._acute_sentences:
            self._mark(0, len(tokens), Mark.TAUGHT)
        cleared = {self.words.sentence[start] for start, _ in self._cues["cleared"]}
        if cleared and self._acute_sentences <= cleared:
            self._mark(0, len(tokens), Mark.CLEARED)
