"""Abbreviations become words: by the words around them where they mean several things, or not at all."""

import re
from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass

from medgenius.curation import lexicon

TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9/&.-]*[A-Za-z0-9]|[A-Za-z0-9]")
_WITH_ARTICLE = re.compile(rf"(?:\b([Aa])n? )?(?<![\w@'’/&.-])({TOKEN.pattern})(?![\w@])(\.(?=\s+[a-z0-9(]))?")
_NEAR = 12
"""Words on each side of an abbreviation that tell what it means."""
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

    def expand(self, text: str, dialogue: str) -> tuple[str, int]:
        """The text with its abbreviations expanded, and how many; `dialogue` is the text of the whole row.

        An abbreviation that the dialogue explains, by its long form or in brackets, stays.
        """
        words = [word.lower() for word in TOKEN.findall(text)]
        places = {match.start(): place for place, match in enumerate(TOKEN.finditer(text))}
        folded = dialogue.casefold()
        count = 0

        def replaced(match: re.Match[str]) -> str:
            nonlocal count
            article, form = match[1], match[2]
            senses = self._senses.get(form)
            if senses is None or _is_introduced(form, dialogue):
                return match[0]
            place = places[match.start(2)]
            near = words[max(0, place - _NEAR) : place] + words[place + 1 : place + 1 + _NEAR]
            expansion = _chosen(senses, near)
            if expansion is None or (" " in expansion and not _is_shorthand(form) and expansion.casefold() in folded):
                return match[0]
            count += 1
            # The full stop after `b.i.d.` belongs to it, unless a sentence ends there as well.
            stop = "" if "." in form else match[3] or ""
            return (_with_article(article, expansion) if article else expansion) + stop

        return _WITH_ARTICLE.sub(replaced, text), count


def _chosen(senses: Sequence[_Sense], near: Sequence[str]) -> str | None:
    """The sense with the most cues; None where two are level or nothing speaks for any."""
    around = set(near)
    votes = sorted(((len(sense.cues & around), sense) for sense in senses), key=lambda vote: -vote[0])
    if votes[0][0] == 0:
        return next((sense.expansion for sense in senses if sense.default), None)
    if len(votes) > 1 and votes[0][0] == votes[1][0]:
        return None
    return votes[0][1].expansion


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
