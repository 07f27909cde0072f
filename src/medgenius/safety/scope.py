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
    "feared": wording.FEARED,
    "not_feared": wording.NOT_FEARED,
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
        self._mark_imagined()
        self._mark_taught()
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

    def _begins_anew(self, position: int, subjects: frozenset[str], turns: frozenset[str]) -> bool:
        """Whether the sentence turns to something present here: "and I want", ", he is", "who cannot", "now"."""
        tokens = self.words.tokens
        follows = tokens[position + 1 : position + 4]
        if not follows or not wording.PAST_VERBS.isdisjoint(follows):
            return False
        return tokens[position] in turns or (tokens[position] in wording.JOINS and follows[0] in subjects)

    def _until_anew(
        self,
        start: int,
        end: int,
        subjects: frozenset[str] = wording.SUBJECTS,
        turns: frozenset[str] = wording.TURNS,
    ) -> int:
        """Where what began at `start` ends: at `end`, or before it where something else begins."""
        return next((i for i in range(start, end) if self._begins_anew(i, subjects, turns)), end)

    def _since_anew(self, start: int, end: int, subjects: frozenset[str] = wording.SUBJECTS) -> int:
        """Where what ends at `end` began: at `start`, or where a present statement before it had ended."""
        tokens = self.words.tokens
        joins = (i for i in range(end - 1, start, -1) if tokens[i] in wording.JOINS and tokens[i + 1] in subjects)
        return next((i for i in joins if wording.PAST_VERBS.isdisjoint(tokens[start:i])), start)

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
            if tokens[position] in wording.JOINS and wording.ASSERTS & set(tokens[position + 1 : position + 2]):
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
                self._mark(self._since_anew(start, position), self._until_anew(position + 1, end), Mark.PAST)
                if end - start <= 5 and end < len(tokens) and self._until_anew(end - 1, end) == end:
                    self._mark(end, self._until_anew(end, self._clause(end)[1]), Mark.PAST)
        for position, token in enumerate(tokens):
            if token in wording.RELATIVES and sentence[position] not in self._acute_sentences:
                end = self._until_anew(position, self._sentence_end(position))
                if wording.HAD & set(tokens[position:end]):
                    self._mark(position, end, Mark.PAST)

    def _mark_imagined(self) -> None:
        for start, _ in self._cues["imagined"]:
            self._mark(start, self._sentence_end(start), Mark.IMAGINED)
        harmless = {position for start, end in self._cues["not_feared"] for position in range(start, end + 1)}
        for start, _ in self._cues["feared"]:
            if start not in harmless:
                self._mark(start, self._until_anew(start + 1, self._sentence_end(start)), Mark.IMAGINED)

    def _mark_taught(self) -> None:
        tokens = self.words.tokens
        for start, _ in self._cues["taught"]:
            end = self._sentence_end(start)
            tells = tokens[start] == "who" and start != self._sentence_start(start)  # of someone, and asks nothing
            if not tells and not wording.PERSONAL & set(tokens[start:end]):
                self._mark(start, end, Mark.TAUGHT)
        for start, end in self._cues["lesson"]:
            if self.words.sentence[start] not in self._acute_sentences:
                self._mark_lesson(start, end)

    def _mark_the_rest(self) -> None:
        for start, end in self._cues["idiom"]:
            self._mark(start, end + 1, Mark.IDIOM)
        for _, end in self._cues["slight"]:
            self._mark(end, end + 4, Mark.SLIGHT)
        for start, _ in self._cues["over"]:
            self._mark(self._sentence_start(start), self._sentence_end(start), Mark.OVER)
        for start, end in self._cues["cleared"]:
            if not self.marks[start] & Mark.PAST.value:  # what was found long ago clears nothing of today
                reach = self._until_anew(end + 1, self._sentence_end(end))
                self._mark(self._sentence_start(start), reach, Mark.CLEARED)

    def _mark_lesson(self, start: int, end: int) -> None:
        """A lesson is what its sentence tells, but nothing that the writer says of themselves beside it."""
        first = self._sentence_start(start)
        clause, _ = self._clause(start)
        if wording.FIRST_PERSON & set(self.words.tokens[first:clause]):
            first = clause
        own = wording.FIRST_PERSON | {"now"}
        reach = self._until_anew(end + 1, self._sentence_end(end), own, frozenset())
        self._mark(self._since_anew(first, start, wording.FIRST_PERSON), reach, Mark.TAUGHT)
