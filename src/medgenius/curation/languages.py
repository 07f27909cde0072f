"""Which language a text is in, by its most common words; a count for the report, not a judgement of rows."""

import re
from typing import Final

_COMMON: Final = {
    "English": "the and of to in is that it you for with your this are be have or if can not as on may but",
    "Spanish": "de la el que en los del las por con una para es su como más pero sus al lo se un son puede",
    "French": "de la le les des et est que une dans pour qui sur pas au avec ce il sont du vous votre en ou",
    "German": "der die und das den von zu mit ist des nicht ein eine dem für auf sie im sich auch oder wenn",
    "Italian": "di che il la per un del è con della non una sono gli le si nel al dei alla più anche come",
    "Portuguese": "de que do da em um para com não uma os no se na por mais as dos como mas ao das você",
    "Dutch": "de het een van en in is dat op te zijn met voor niet aan er om ook als bij maar of dit uw",
}
_WORDS: Final = {name: frozenset(words.split()) for name, words in _COMMON.items()}
_WORD: Final = re.compile(r"[^\W\d_]+")
_LOOKED_AT: Final = 400
"""Characters: the beginning tells."""
_FEWEST: Final = 5


def language(text: str) -> str:
    """The language's English name; `unclear` for short texts and for languages that are not known here."""
    words = _WORD.findall(text[:_LOOKED_AT].lower())
    if len(words) < _FEWEST:
        return "unclear"
    shares = {name: sum(word in common for word in words) for name, common in _WORDS.items()}
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] >= len(words) / 10 else "unclear"
