"""Multiple choice: the likeliest answer by one of five rules, and the option that a free text names.

The rules and their ties (the first of equals) are those of lm-evaluation-harness, named beside each.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Final, Literal

Rule = Literal["raw", "per_character", "per_byte", "per_token", "unconditional"]
"""
raw: log p(choice | question), `acc`
per_character: over the characters of the choice, `acc_norm`
per_byte: over its bytes in UTF-8, `acc_bytes`
per_token: over its tokens
unconditional: log p(choice | question) - log p(choice), `acc_mutual_info`; PMI of Holtzman et al., 2021
"""


@dataclass(frozen=True, slots=True)
class Likelihoods:
    """What a model gives the choices of one item, in their order."""

    choices: tuple[str, ...]
    """Without the space that joins them to the question"""
    log_likelihoods: tuple[float, ...]
    """Sum over the choice's tokens, natural logarithm"""
    tokens: tuple[int, ...]
    """Tokens of each choice"""
    unconditional: tuple[float, ...] | None = None
    """The same sums without the question, for the rule of that name"""

    def scores(self, rule: Rule) -> tuple[float, ...]:
        """What the rule compares.

        Raises:
            ValueError: the rule needs unconditional log-likelihoods and there are none.
        """
        if rule == "unconditional":
            if self.unconditional is None:
                raise ValueError("the rule 'unconditional' needs the log-likelihoods of the choices alone")
            return tuple(a - b for a, b in zip(self.log_likelihoods, self.unconditional, strict=True))
        return tuple(total / length for total, length in zip(self.log_likelihoods, self._lengths(rule), strict=True))

    def _lengths(self, rule: Rule) -> Sequence[int]:
        match rule:
            case "per_character":
                return [len(choice) for choice in self.choices]
            case "per_byte":
                return [len(choice.encode()) for choice in self.choices]
            case "per_token":
                return self.tokens
            case _:
                return [1] * len(self.choices)

    def pick(self, rule: Rule) -> int:
        """The place of the best choice, the first of equals."""
        scores = self.scores(rule)
        return scores.index(max(scores))


_END: Final = r"(?=\s*(?:$|[.,;:!)\n]))"
"""Behind the text of an option: the end, or a mark that ends it."""
_STATES: Final = re.compile(
    r"\b(?:(?:correct|right|best|final|my) (?:answer|option|choice)|answer)\b(?: (?:is|would be|should be):?|:)"
    r"\s*(?:option |choice |letter )?[\"'*(\[]{0,3}",
    re.IGNORECASE,
)
_IS_CORRECT: Final = r"\b(?:[Oo]ption|[Cc]hoice|[Aa]nswer) \(?([{letters}])\)? is (?:the )?(?:correct|right|best)\b"
_DENIED: Final = re.compile(r"\b(?:not|never|cannot|incorrect|wrong|false|worst)\b|n't\b", re.IGNORECASE)
_CLAUSE: Final = re.compile(r"[.!?;,\n]|\bbut\b", re.IGNORECASE)
_AND: Final = r"\s*(?:,|/|&|\+|,?\s*\b(?:and|or)\b)\s*"
"""Between options that are named together."""


def parse_choice(answer: str, choices: Sequence[str]) -> int | None:
    """The option that a free text names, as its place; None where it names none, or more than one.

    Strict, so that a talkative refusal is no choice: "As an AI ..." is not A, "E. coli" is not E, "No evidence ..." is
    not "no", and options that are listed again are not the first of them. Read are: a letter alone, a letter with `)`
    or `:` behind it or in brackets at the beginning, a letter and full stop with nothing or the option's own text
    behind it, the text of an option at the beginning up to a mark or the end, "the answer is ..." and "option B is
    correct". "A:" stands for "answer:" as well, so it needs what the full stop needs.
    """
    letters = ascii_uppercase[: len(choices)]
    text = answer.strip().lstrip("*\"'")
    is_list = len(_listed(text, choices, letters)) > 1
    named = set() if is_list else _at_beginning(text, choices, letters)
    for statement in _STATES.finditer(text):
        heads_the_list = is_list and "\n" in statement[0]
        if not heads_the_list and not _is_denied(text[: statement.start()]):
            named |= _behind_statement(text[statement.end() :], choices, letters)
    named |= {letters.index(letter) for letter in re.findall(_IS_CORRECT.format(letters=letters), text)}
    return named.pop() if len(named) == 1 else None


def _listed(text: str, choices: Sequence[str], letters: str) -> set[str]:
    """The letters that stand in the text as in the question: at the beginning of a line, also those that go on where it
    ended, or with the option's own text behind them."""
    found: set[str] = set()
    for mark in re.finditer(r"(^|[\s,;])[ \t>*-]*[(\[]?([A-Z])[)\].:]\*{0,2}\s+", text, re.MULTILINE):
        begins_line = mark[1] in {"", "\n"}
        if begins_line or (mark[2] in letters and letters.index(mark[2]) in _option_text(text[mark.end() :], choices)):
            found.add(mark[2])
    return found


def _is_denied(before: str) -> bool:
    """Whether "the answer is ..." follows on a "not", "wrong" or the like in its own clause."""
    return bool(_DENIED.search(_CLAUSE.split(before)[-1]))


def _at_beginning(text: str, choices: Sequence[str], letters: str) -> set[int]:
    if alone := re.fullmatch(rf"[(\[]?([{letters}])[)\].:*]{{0,3}}", text, re.IGNORECASE):
        return {letters.index(alone[1].upper())}
    behind = re.match(rf"(?:[(\[]([{letters}])[)\]]|([{letters}])\*{{0,2}}([.):]))[*\s]*", text)
    if not behind:
        return _option_text(text, choices)
    place = letters.index(behind[1] or behind[2])
    rest = text[behind.end() :]
    texts = _option_text(rest, choices)
    if texts and texts != {place}:
        return {place} | texts  # letter and text disagree: two options are named
    may_be_a_word = behind[3] == "." or (behind[2] == "A" and behind[3] == ":")
    at_line_end = "\n" in behind[0] or not rest
    return {place} if texts or not may_be_a_word or at_line_end else set()


def _behind_statement(text: str, choices: Sequence[str], letters: str) -> set[int]:
    """Of "the answer is ...": a capital letter as a word of its own, or the text of an option."""
    alone = rf"([{letters}])(?=[\s.,;:)\]*\"']|$)(?! ?[a-z])(?!{_AND}[{letters}]\b)"
    if letter := re.match(alone, text):
        return {letters.index(letter[1])}
    return _option_text(text, choices)


def _option_text(text: str, choices: Sequence[str]) -> set[int]:
    """The option whose text stands at the beginning, up to a mark or the end; the longest that does.

    All of them where another follows it in a list.
    """
    fitting = [
        place
        for place, choice in enumerate(choices)
        if choice.strip() and re.match(re.escape(choice.strip()) + _END, text, re.IGNORECASE)
    ]
    longest = max((len(choices[place].strip()) for place in fitting), default=0)
    found = {place for place in fitting if len(choices[place].strip()) == longest}
    if found and (behind := re.match(_AND, text[longest:])):
        found |= _option_words(text[longest + behind.end() :], choices)
    return found


def _option_words(text: str, choices: Sequence[str]) -> set[int]:
    """The options whose text the beginning could be, whatever follows."""
    return {
        place
        for place, choice in enumerate(choices)
        if choice.strip() and re.match(re.escape(choice.strip()) + r"(?!\w)", text, re.IGNORECASE)
    }
