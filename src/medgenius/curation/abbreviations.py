"""Abbreviations become words: by the words around them where they mean several things, or not at all."""

import re
from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass

from medgenius.curation import lexicon
from medgenius.curation.deidentification.lexicon import Trait, traits_of

TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9/&.-]*[A-Za-z0-9]|[A-Za-z0-9]")
_WITH_ARTICLE = re.compile(rf"(?:\b([Aa])n? )?(?<![\w@'’/&.-])({TOKEN.pattern})(?![\w@])(\.(?=\s+[a-z0-9(]))?")
_NEAR = 12
"""Words on each side of an abbreviation that tell what it means."""
_ENOUGH = 2
"""Cues that tell a meaning; one is enough where it is no everyday word (`sildenafil`) or stands right beside."""
_AFTER_A_CITY = re.compile(r"(?:\b[A-Z][a-z]+, ?|\b(?:in|from|to) )\Z")
_STATES = frozenset({"AR", "CA", "HI", "MI", "MS"})
_SOUNDS_LIKE_A_CONSONANT = re.compile(r"uni|ur[ie]|us[ei]|eu|one|ure", re.I)


@dataclass(frozen=True, slots=True)
class _Sense:
    expansion: str
    cues: Set[str]
    default: bool
    """Also meant where no cue of any sense is near."""


class Abbreviations:
    def __init__(self) -> None:
        senses: dict[str, list[_Sense]] = defaultdict(list)
        for line in lexicon.lines("abbreviations.tsv"):
            forms, expansion, cue_words = line.split("\t")
            cues = frozenset(cue_words.split())
            for form in forms.split("|"):
                senses[form].append(_Sense(expansion, cues - {"*"}, not cues or "*" in cues))
        for form in [form for form in senses if form.isalpha() and form.islower()]:
            if form.capitalize() not in senses:
                senses[form.capitalize()] = [
                    _Sense(sense.expansion[0].upper() + sense.expansion[1:], sense.cues, sense.default)
                    for sense in senses[form]
                ]
        self._senses = dict(senses)
        self.forms: Set[str] = senses.keys()
        self._drugs = lexicon.words("drugs.txt")

    def expand(self, text: str, dialogue: str) -> tuple[str, int]:
        """The text with its abbreviations expanded, and how many; `dialogue` is the text of the whole row.

        An abbreviation that the dialogue explains, by its long form or in brackets, stays.
        """
        tokens = list(TOKEN.finditer(text))
        places = {token.start(): place for place, token in enumerate(tokens)}
        folded = dialogue.casefold()
        count = 0

        def replaced(match: re.Match[str]) -> str:
            nonlocal count
            article, form = match[1], match[2]
            senses = self._senses.get(form)
            if senses is None or _is_introduced(form, dialogue):
                return match[0]
            place = places[match.start(2)]
            if any(sense.cues for sense in senses) and self._is_something_else(tokens, place):
                return match[0]
            expansion = _chosen(senses, self._around(tokens, place))
            if expansion is None or (" " in expansion and not _is_shorthand(form) and expansion.casefold() in folded):
                return match[0]
            count += 1
            # The full stop after `b.i.d.` belongs to it, unless a sentence ends there as well.
            stop = "" if "." in form else match[3] or ""
            return (_with_article(article, expansion) if article else expansion) + stop

        return _WITH_ARTICLE.sub(replaced, text), count

    def _around(self, tokens: Sequence[re.Match[str]], place: int) -> Set[str]:
        """What may be a cue: words near by, and those right beside with the side they stand on (`the_`, `_tract`)."""
        near = {
            token[0].lower()
            for token in (*tokens[max(0, place - _NEAR) : place], *tokens[place + 1 : place + 1 + _NEAR])
        }
        before, after = (word.lower() for word in _beside(tokens, place))
        return near | {f"{before}_", f"_{after}"} | ({"drug_"} if before in self._drugs else set())

    def _is_something_else(self, tokens: Sequence[re.Match[str]], place: int) -> bool:
        """Whether it is a state (`Detroit, MI`) or an ordinary word among others in capitals (`TAKE AS DIRECTED`)."""
        token = tokens[place]
        if token[0] in _STATES and _AFTER_A_CITY.search(token.string, max(0, token.start() - 30), token.start()):
            return True
        return any(
            len(word) > 1 and word.isupper() and word not in self.forms and traits_of(word) & Trait.COMMON
            for word in _beside(tokens, place)
        )


def _chosen(senses: Sequence[_Sense], around: Set[str]) -> str | None:
    """The sense that most speaks for; None where two are level or too little speaks for any."""
    votes = sorted(((_weight(sense.cues & around), sense) for sense in senses), key=lambda vote: -vote[0])
    most, first = votes[0]
    if most == 0:
        return next((sense.expansion for sense in senses if sense.default), None)
    level = len(votes) > 1 and votes[1][0] == most
    return None if level or (most < _ENOUGH and not first.default) else first.expansion


def _weight(cues: Set[str]) -> int:
    return sum(1 if traits_of(cue) & Trait.COMMON else _ENOUGH for cue in cues)


def _beside(tokens: Sequence[re.Match[str]], place: int) -> tuple[str, str]:
    """The words before and after that only spaces part from the one at `place`; empty where there is none."""
    text, token = tokens[place].string, tokens[place]
    before, after = (tokens[place - 1] if place else None), (tokens[place + 1] if place + 1 < len(tokens) else None)
    return (
        before[0] if before and text[before.end() : token.start()].isspace() else "",
        after[0] if after and text[token.end() : after.start()].isspace() else "",
    )


def _is_introduced(form: str, dialogue: str) -> bool:
    """In brackets, or as in `reflux disease, or GERD`, `called COPD`, `COPD stands for`."""
    if f"({form}" in dialogue or f"{form})" in dialogue:
        return True
    name, last = re.escape(form), re.escape(form[-1])
    introduced = rf"(?:,|\b(?i:{last})\w+) or {name}\b|\b(?:called|known as|abbreviated|termed) {name}\b"
    return form.isupper() and bool(re.search(rf"{introduced}|\b{name} (?:is short|stands|means)\b", dialogue))


def _is_shorthand(form: str) -> bool:
    """`c/o`, `prn`: nobody introduces these, so finding the words elsewhere says nothing."""
    return "/" in form or form.islower()


def _with_article(article: str, expansion: str) -> str:
    vowel = expansion[0].lower() in "aeiou" and not _SOUNDS_LIKE_A_CONSONANT.match(expansion)
    return f"{article}n {expansion}" if vowel else f"{article} {expansion}"
